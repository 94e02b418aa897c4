"""Hand-read examples of the plain descriptions of ICD-10-CM codes, over all chapters.

A change of wording changes these lines. Read the new sentence as a patient would before it is written down here.
"""

from __future__ import annotations

import pytest

from services.catalog.domain.plain_language import describe_icd10cm

EXAMPLES = [
    (
        "S73005A",
        "Unspecified dislocation of left hip, initial encounter",
        "The left hip has come out of its joint. The record does not say in which direction. This code is for"
        " active treatment of the injury.",
    ),
    (
        "S73005D",
        "Unspecified dislocation of left hip, subsequent encounter",
        "The left hip has come out of its joint. The record does not say in which direction. This code is for"
        " routine care while the injury heals.",
    ),
    (
        "S73005S",
        "Unspecified dislocation of left hip, sequela",
        "The left hip had come out of its joint. The record does not say in which direction. This code is for"
        " a later problem caused by that injury (sequela).",
    ),
    (
        "S73015A",
        "Posterior dislocation of left hip, initial encounter",
        "The left hip has come out of its joint toward the back (posterior). This code is for active "
        "treatment of the injury.",
    ),
    (
        "A000",
        "Cholera due to Vibrio cholerae 01, biovar cholerae",
        "The patient has a severe watery bowel infection (cholera) due to Vibrio cholerae 01, biovar cholerae.",
    ),
    (
        "A419",
        "Sepsis, unspecified organism",
        "The patient has a life-threatening reaction to infection (sepsis). The record does not say which "
        "germ caused it.",
    ),
    (
        "B20",
        "Human immunodeficiency virus [HIV] disease",
        "The patient has a disease caused by the human immunodeficiency virus (HIV).",
    ),
    (
        "B1920",
        "Unspecified viral hepatitis C without hepatic coma",
        "The patient has viral hepatitis C (a liver inflammation) without deep unconsciousness from liver "
        "failure (hepatic coma). The record does not say what kind of viral hepatitis C.",
    ),
    (
        "C50411",
        "Malignant neoplasm of upper-outer quadrant of right female breast",
        "The patient has cancer (malignant neoplasm) of the upper outer quarter of the right female breast.",
    ),
    (
        "C50919",
        "Malignant neoplasm of unspecified site of unspecified female breast",
        "The patient has cancer (malignant neoplasm) of the female breast. The record does not say the exact "
        "place or which side.",
    ),
    (
        "C7800",
        "Secondary malignant neoplasm of unspecified lung",
        "The patient has cancer that spread from another place (secondary malignant neoplasm) of the lung. "
        "The record does not say which side.",
    ),
    (
        "C8311",
        "Mantle cell lymphoma, lymph nodes of head, face, and neck",
        "The patient has a mantle cell lymphoma (lymph system cancer) of the lymph nodes of the head, face, and neck.",
    ),
    (
        "C9100",
        "Acute lymphoblastic leukemia not having achieved remission",
        "The patient has a fast-growing blood cancer of the lymph cells (acute lymphoblastic leukemia) not "
        "yet quiet (not in remission).",
    ),
    (
        "D0511",
        "Intraductal carcinoma in situ of right breast",
        "The patient has very early cancer inside the milk ducts (intraductal carcinoma in situ) of the right breast.",
    ),
    (
        "D485",
        "Neoplasm of uncertain behavior of skin",
        "The patient has a growth that cannot yet be called cancer or not cancer (neoplasm of uncertain "
        "behavior) of the skin.",
    ),
    (
        "D509",
        "Iron deficiency anemia, unspecified",
        "The patient has low red blood cells from too little iron (iron deficiency anemia). The record does "
        "not say the exact kind.",
    ),
    (
        "E1165",
        "Type 2 diabetes mellitus with hyperglycemia",
        "The patient has type 2 diabetes with high blood sugar (hyperglycemia).",
    ),
    (
        "E113211",
        "Type 2 diabetes mellitus with mild nonproliferative diabetic retinopathy with macular edema, right eye",
        "The patient has type 2 diabetes with mild damage to the retina from diabetes without new blood "
        "vessels (nonproliferative retinopathy) with swelling in the center of the retina (macular edema) in "
        "the right eye.",
    ),
    (
        "E785",
        "Hyperlipidemia, unspecified",
        "The patient has high blood fats (hyperlipidemia). The record does not say the exact kind.",
    ),
    (
        "F1021",
        "Alcohol dependence, in remission",
        "The patient has alcohol addiction (alcohol dependence), now quiet (in remission).",
    ),
    (
        "F0390",
        "Unspecified dementia, unspecified severity, without behavioral disturbance, psychotic disturbance, "
        "mood disturbance, and anxiety",
        "The patient has loss of memory and thinking (dementia), without a behavioral disturbance, psychotic "
        "disturbance, mood disturbance, and anxiety. The record does not say how severe it is or what kind of"
        " dementia.",
    ),
    (
        "G43709",
        "Chronic migraine without aura, not intractable, without status migrainosus",
        "The patient has a long-lasting (chronic) migraine without aura, not hard to control (not "
        "intractable), without a migraine that does not stop (status migrainosus).",
    ),
    (
        "G8191",
        "Hemiplegia, unspecified affecting right dominant side",
        "The patient has paralysis of one side of the body (hemiplegia) affecting the right dominant side. "
        "The record does not say the exact kind.",
    ),
    (
        "H2511",
        "Age-related nuclear cataract, right eye",
        "The patient has an age-related nuclear cataract (clouding of the eye's lens) of the right eye.",
    ),
    (
        "H401132",
        "Primary open-angle glaucoma, bilateral, moderate stage",
        "The patient has a primary open-angle glaucoma (eye disease that damages the nerve of sight) on both "
        "sides, moderate stage.",
    ),
    (
        "H6690",
        "Otitis media, unspecified, unspecified ear",
        "The patient has a middle ear infection or inflammation (otitis media) of the ear. The record does "
        "not say the exact kind or which side.",
    ),
    (
        "I10",
        "Essential (primary) hypertension",
        "The patient has high blood pressure with no single known cause (essential or primary hypertension).",
    ),
    (
        "I214",
        "Non-ST elevation (NSTEMI) myocardial infarction",
        "The patient has a heart attack without the typical rise on the heart tracing (non-ST elevation, NSTEMI).",
    ),
    (
        "I63411",
        "Cerebral infarction due to embolism of right middle cerebral artery",
        "The patient has a stroke caused by blocked blood flow to the brain (cerebral infarction) due to a "
        "blockage by something carried in the blood (embolism) of the right middle brain (cerebral) artery.",
    ),
    (
        "I83019",
        "Varicose veins of right lower extremity with ulcer of unspecified site",
        "The patient has swollen, twisted veins (varicose veins) of the right leg (lower extremity) with an "
        "open sore (ulcer). The record does not say the exact place.",
    ),
    (
        "J189",
        "Pneumonia, unspecified organism",
        "The patient has pneumonia. The record does not say which germ caused it.",
    ),
    (
        "J4521",
        "Mild intermittent asthma with (acute) exacerbation",
        "The patient has mild intermittent asthma with an acute flare-up (exacerbation).",
    ),
    (
        "J449",
        "Chronic obstructive pulmonary disease, unspecified",
        "The patient has long-lasting lung disease with blocked airflow (COPD). The record does not say the "
        "exact kind.",
    ),
    (
        "K8000",
        "Calculus of gallbladder with acute cholecystitis without obstruction",
        "The patient has a gallstone (calculus of gallbladder) with sudden (acute) inflammation of the "
        "gallbladder (cholecystitis) without blockage.",
    ),
    (
        "K4020",
        "Bilateral inguinal hernia, without obstruction or gangrene, not specified as recurrent",
        "The patient has a two-sided groin hernia (inguinal hernia), without blockage (obstruction) or dead "
        "tissue (gangrene). The record does not say whether it is recurrent.",
    ),
    (
        "L03115",
        "Cellulitis of right lower limb",
        "The patient has a spreading skin infection (cellulitis) of the right leg (lower limb).",
    ),
    (
        "L89153",
        "Pressure ulcer of sacral region, stage 3",
        "The patient has a bedsore (pressure ulcer) of the base of the spine (sacral region), stage 3.",
    ),
    (
        "L97412",
        "Non-pressure chronic ulcer of right heel and midfoot with fat layer exposed",
        "The patient has a long-lasting open sore not caused by pressure (non-pressure chronic ulcer) of the "
        "right heel and middle of the foot with fat layer exposed.",
    ),
    (
        "M1711",
        "Unilateral primary osteoarthritis, right knee",
        "The patient has one-sided (unilateral) primary wear-and-tear joint disease (osteoarthritis) of the "
        "right knee.",
    ),
    (
        "M80051K",
        "Age-related osteoporosis with current pathological fracture, right femur, subsequent encounter for "
        "fracture with nonunion",
        "The patient has age-related osteoporosis (thin, weak bones) with a current break in a bone weakened "
        "by disease (pathological fracture) in the right thigh bone (femur). This code is for later care of "
        "the fracture that has not grown together (nonunion).",
    ),
    (
        "M1A0720",
        "Idiopathic chronic gout, left ankle and foot, without tophus (tophi)",
        "The patient has a long-lasting (chronic) painful joint disease from uric acid crystals (gout) of "
        "unknown cause (idiopathic) of the left ankle and foot, without lumps of uric acid crystals.",
    ),
    (
        "N186",
        "End stage renal disease",
        "The patient has the final stage of kidney failure (end stage renal disease).",
    ),
    (
        "N200",
        "Calculus of kidney",
        "The patient has a kidney stone (calculus of kidney).",
    ),
    (
        "O24410",
        "Gestational diabetes mellitus in pregnancy, diet controlled",
        "The patient has diabetes that began in pregnancy (gestational diabetes) in pregnancy, diet controlled.",
    ),
    (
        "O30131",
        "Triplet pregnancy, trichorionic/triamniotic, first trimester",
        "The patient has a triplet pregnancy, trichorionic/triamniotic, in the first three months of "
        "pregnancy (first trimester).",
    ),
    (
        "O99333",
        "Smoking (tobacco) complicating pregnancy, third trimester",
        "The patient has smoking (tobacco), which complicates the pregnancy, in the last three months of "
        "pregnancy (third trimester).",
    ),
    (
        "O411414",
        "Placentitis, first trimester, fetus 4",
        "The patient has placentitis, in the first three months of pregnancy (first trimester). It is about "
        "baby number 4 (fetus 4).",
    ),
    (
        "P0721",
        "Extreme immaturity of newborn, gestational age less than 23 completed weeks",
        "The newborn has extreme immaturity, pregnancy length (gestational age) less than 23 completed weeks.",
    ),
    (
        "P599",
        "Neonatal jaundice, unspecified",
        "The newborn has yellow skin and eyes (jaundice). The record does not say the exact kind.",
    ),
    (
        "Q210",
        "Ventricular septal defect",
        "The patient has a hole between the lower heart chambers (ventricular septal defect).",
    ),
    (
        "Q909",
        "Down syndrome, unspecified",
        "The patient has Down syndrome. The record does not say the exact kind.",
    ),
    (
        "Q6501",
        "Congenital dislocation of right hip, unilateral",
        "The patient has a joint out of place (dislocation) present from birth (congenital) of the right hip,"
        " on one side (unilateral).",
    ),
    (
        "R0602",
        "Shortness of breath",
        "The record shows shortness of breath.",
    ),
    (
        "R402112",
        "Coma scale, eyes open, never, at arrival to emergency department",
        "The patient's result on the coma scale is: eyes open, never, at arrival to emergency department.",
    ),
    (
        "R7303",
        "Prediabetes",
        "The record shows higher than normal blood sugar (prediabetes).",
    ),
    (
        "S72352B",
        "Displaced comminuted fracture of shaft of left femur, initial encounter for open fracture type I or II",
        "The shaft of the left thigh bone (femur) is broken into several pieces (comminuted), and the pieces "
        "have moved out of place (displaced). This code is for active treatment of an open fracture, type I "
        "or II (skin broken).",
    ),
    (
        "S72352K",
        "Displaced comminuted fracture of shaft of left femur, subsequent encounter for closed fracture with nonunion",
        "The shaft of the left thigh bone (femur) is broken into several pieces (comminuted), and the pieces "
        "have moved out of place (displaced). This code is for later care of a closed fracture (skin not "
        "broken) that has not grown together (nonunion).",
    ),
    (
        "S72352P",
        "Displaced comminuted fracture of shaft of left femur, subsequent encounter for closed fracture with malunion",
        "The shaft of the left thigh bone (femur) is broken into several pieces (comminuted), and the pieces "
        "have moved out of place (displaced). This code is for later care of a closed fracture (skin not "
        "broken) that grew together in a wrong position (malunion).",
    ),
    (
        "S82202C",
        "Unspecified fracture of shaft of left tibia, initial encounter for open fracture type IIIA, IIIB, or IIIC",
        "The shaft of the left shin bone (tibia) is broken (fracture). The record does not say what kind of "
        "fracture it is. This code is for active treatment of an open fracture, type IIIA, IIIB or IIIC (skin"
        " broken).",
    ),
    (
        "S61211A",
        "Laceration without foreign body of left index finger without damage to nail, initial encounter",
        "The patient has a cut or tear (laceration) of the left index finger without an object still inside "
        "(foreign body) without damage to the nail. This code is for active treatment of the injury.",
    ),
    (
        "S88112A",
        "Complete traumatic amputation at level between knee and ankle, left lower leg, initial encounter",
        "The patient has a complete loss of a body part in an injury (traumatic amputation) at the level "
        "between the knee and ankle in the left lower leg. This code is for active treatment of the injury.",
    ),
    (
        "S93401A",
        "Sprain of unspecified ligament of right ankle, initial encounter",
        "The patient has a stretched or torn ligament (sprain) of a ligament of the right ankle. The record "
        "does not say which ligament. This code is for active treatment of the injury.",
    ),
    (
        "S00432A",
        "Contusion of left ear, initial encounter",
        "The patient has a bruise (contusion) of the left ear. This code is for active treatment of the injury.",
    ),
    (
        "T23102A",
        "Burn of first degree of left hand, unspecified site, initial encounter",
        "The patient has a first-degree burn of the left hand. The record does not say the exact place. This "
        "code is for active treatment of the injury.",
    ),
    (
        "T2027XD",
        "Burn of second degree of neck, subsequent encounter",
        "The patient has a second-degree burn of the neck. This code is for routine care while the injury heals.",
    ),
    (
        "T3110",
        "Burns involving 10-19% of body surface with 0% to 9% third degree burns",
        "The patient has a burn involving 10-19% of the body surface with 0% to 9% third degree burns.",
    ),
    (
        "T360X1A",
        "Poisoning by penicillins, accidental (unintentional), initial encounter",
        "The patient was poisoned by penicillins by accident. This code is for active treatment of the poisoning.",
    ),
    (
        "T360X2A",
        "Poisoning by penicillins, intentional self-harm, initial encounter",
        "The patient was poisoned by penicillins on purpose, as self-harm. This code is for active treatment "
        "of the poisoning.",
    ),
    (
        "T360X5A",
        "Adverse effect of penicillins, initial encounter",
        "Penicillins harmed the patient although rightly chosen and rightly given (adverse effect). This code"
        " is for active treatment of the reaction.",
    ),
    (
        "T360X6D",
        "Underdosing of penicillins, subsequent encounter",
        "The patient took or was given less of penicillins than was prescribed or directed (underdosing). "
        "This code is for routine care while the problem gets better.",
    ),
    (
        "T565X4S",
        "Toxic effect of zinc and its compounds, undetermined, sequela",
        "The patient was harmed by the poisonous (toxic) effect of zinc and its compounds, and it could not "
        "be decided whether this was an accident or meant (undetermined). This code is for a later problem "
        "caused by that poisoning (sequela).",
    ),
    (
        "T8452XA",
        "Infection and inflammatory reaction due to internal left hip prosthesis, initial encounter",
        "The patient has an infection and inflammatory reaction due to an internal left artificial hip (hip "
        "prosthesis). This code is for active treatment of the problem.",
    ),
    (
        "V4352XA",
        "Car driver injured in collision with other type car in traffic accident, initial encounter",
        "The patient was hurt as a car driver in a collision with another type car, in a traffic accident (on"
        " a public road). This code is for active treatment of the injury.",
    ),
    (
        "V429XXS",
        "Unspecified car occupant injured in collision with two- or three-wheeled motor vehicle in traffic "
        "accident, sequela",
        "The patient was hurt as a person in a car (occupant) in a collision with a two- or three-wheeled "
        "motor vehicle, in a traffic accident (on a public road). The record does not say whether this was "
        "the driver or a passenger. This code is for a later problem caused by that injury (sequela).",
    ),
    (
        "W1830XA",
        "Fall on same level, unspecified, initial encounter",
        "The cause of the injury was a fall on the same level. The record does not say the exact kind. This "
        "code is for active treatment of the injury.",
    ),
    (
        "W5501XA",
        "Bitten by cat, initial encounter",
        "The patient was bitten by a cat. This code is for active treatment of the injury.",
    ),
    (
        "X789XXA",
        "Intentional self-harm by unspecified sharp object, initial encounter",
        "The patient hurt themselves on purpose by means of a sharp object. The record does not say what kind"
        " of sharp object. This code is for active treatment of the injury.",
    ),
    (
        "X9501XA",
        "Assault by airgun discharge, initial encounter",
        "Someone attacked the patient by means of an airgun discharge (assault). This code is for active "
        "treatment of the injury.",
    ),
    (
        "Y249XXA",
        "Unspecified firearm discharge, undetermined intent, initial encounter",
        "The cause of the injury was a firing of a gun (firearm discharge), and it could not be decided "
        "whether it was an accident or meant (undetermined intent). The record does not say what kind of "
        "firearm discharge. This code is for active treatment of the injury.",
    ),
    (
        "Y92010",
        "Kitchen of single-family (private) house as the place of occurrence of the external cause",
        "The patient was hurt in this place: a kitchen of a single-family (private) house.",
    ),
    (
        "Y9361",
        "Activity, american tackle football",
        "At the time of the injury the patient's activity was american tackle football.",
    ),
    (
        "Y36000A",
        "War operations involving explosion of unspecified marine weapon, military personnel, initial encounter",
        "The cause of the injury was a war operation involving an explosion of a marine weapon, and the "
        "patient was in the military. The record does not say what kind of weapon. This code is for active "
        "treatment of the injury.",
    ),
    (
        "Z0000",
        "Encounter for general adult medical examination without abnormal findings",
        "The visit is for a general adult medical examination without abnormal findings.",
    ),
    (
        "Z1231",
        "Encounter for screening mammogram for malignant neoplasm of breast",
        "The visit is for screening mammogram for cancer (malignant neoplasm) of the breast.",
    ),
    (
        "Z23",
        "Encounter for immunization",
        "The visit is for vaccination (immunization).",
    ),
    (
        "Z3A39",
        "39 weeks gestation of pregnancy",
        "The pregnancy has lasted 39 weeks.",
    ),
    (
        "Z471",
        "Aftercare following joint replacement surgery",
        "The visit is for follow-up care (aftercare) following joint replacement surgery.",
    ),
    (
        "Z6835",
        "Body mass index [BMI] 35.0-35.9, adult",
        "The patient's body mass index (BMI) is 35.0-35.9 (adult).",
    ),
    (
        "Z7901",
        "Long term (current) use of anticoagulants",
        "The patient takes blood thinners (anticoagulants) for a long time.",
    ),
    (
        "Z803",
        "Family history of malignant neoplasm of breast",
        "Someone in the patient's family has or had cancer (malignant neoplasm) of the breast (family history).",
    ),
    (
        "Z853",
        "Personal history of malignant neoplasm of breast",
        "In the past the patient had cancer (malignant neoplasm) of the breast (personal history).",
    ),
    (
        "Z87891",
        "Personal history of nicotine dependence",
        "In the past the patient had nicotine addiction (nicotine dependence) (personal history).",
    ),
    (
        "Z89511",
        "Acquired absence of right leg below knee",
        "The right leg below knee has been removed or lost (acquired absence).",
    ),
    (
        "Z91040",
        "Latex allergy status",
        "The patient is allergic to latex.",
    ),
    (
        "Z96641",
        "Presence of right artificial hip joint",
        "The patient has an artificial right hip joint.",
    ),
    (
        "U071",
        "COVID-19",
        "The patient has COVID-19.",
    ),
    (
        "U099",
        "Post COVID-19 condition, unspecified",
        "The patient has a post COVID-19 condition. The record does not say the exact kind.",
    ),
]


@pytest.mark.parametrize(("code", "title", "plain"), EXAMPLES, ids=[code for code, _, _ in EXAMPLES])
def test_the_title_in_plain_words(code, title, plain):
    assert describe_icd10cm(code, title, ()) == plain


def test_a_code_may_be_written_with_its_dot():
    assert describe_icd10cm("s73.005a", EXAMPLES[0][1], ()) == EXAMPLES[0][2]
