// The page works without this file: it copies the codes that are kept.
"use strict";
(() => {
  const button = document.querySelector(".copy-kept");
  if (!button || !navigator.clipboard) return;
  const boxes = [...document.querySelectorAll(".keep input")];
  const label = () => {
    const kept = boxes.filter((box) => box.checked).length;
    button.textContent = kept === boxes.length ? "Copy codes" : `Copy ${kept} of ${boxes.length}`;
    button.disabled = !kept;
  };
  button.hidden = false;
  for (const box of boxes) box.addEventListener("change", label);
  label();
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(boxes.filter((box) => box.checked).map((box) => box.dataset.code).join("\n"));
    button.textContent = "Copied";
    setTimeout(label, 1500);
  });
})();
