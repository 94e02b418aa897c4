// Everything works without this file: it adds keys and copying.
"use strict";
(() => {
  const box = document.querySelector("[data-suggest]");
  const save = document.querySelector("[data-save]");

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && box) {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (/^[1-6]$/.test(event.key)) {
      const section = document.querySelectorAll(".section")[Number(event.key) - 1];
      if (!section || !document.querySelector(".index")) return;
      section.scrollIntoView();
      section.focus({ preventScroll: true });
    } else if (event.key === "s" && save) {
      event.preventDefault();
      save.form.requestSubmit(save);
    } else if (event.key === "Escape") {
      closeChips();
    }
  });

  const closeChips = (but) => {
    for (const chip of document.querySelectorAll(".src[open]")) if (chip !== but) chip.open = false;
  };
  document.addEventListener("click", (event) => closeChips(event.target.closest(".src")));

  const copy = document.querySelector(".copy");
  if (copy && navigator.clipboard) {
    const label = copy.textContent;
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copy.dataset.copy);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = label; }, 1500);
    });
  }

  if (save) {
    const [lists, name] = [save.form.elements.list_id, save.form.elements.name];
    const fit = () => { name.required = lists.value === "new"; };
    lists.addEventListener("change", () => { fit(); if (name.required) name.focus(); });
    fit();
  }
})();
