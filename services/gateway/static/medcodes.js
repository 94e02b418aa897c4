// Everything works without this file: it adds keys, copying, and completions while typing.
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

  if (box) combobox(box);

  function combobox(input) {
    const list = document.createElement("ul");
    list.id = "options";
    list.className = "options";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    list.hidden = true;
    input.form.append(list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
      input.setAttribute(name, value);
    }
    let active = -1;
    let asked = 0;
    let timer;

    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (option) => { location.assign(option.dataset.href); };
    const mark = (number) => {
      active = number;
      [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === number)));
      if (number < 0) input.removeAttribute("aria-activedescendant");
      else input.setAttribute("aria-activedescendant", list.children[number].id);
    };
    const show = (suggestions) => {
      list.replaceChildren(...suggestions.map((found, number) => {
        const option = document.createElement("li");
        option.id = `option-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.href = `/codes/${encodeURIComponent(found.system)}/${encodeURIComponent(found.code)}`;
        for (const [text, name] of [[found.display, "code"], [found.description, ""], [found.system, ""]]) {
          const part = document.createElement("span");
          part.textContent = text;
          if (name) part.className = name;
          option.append(part);
        }
        // The click would come after the input has lost the focus and closed the list.
        option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(option); });
        return option;
      }));
      list.hidden = !suggestions.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark(-1);
    };
    const ask = async () => {
      const number = ++asked;
      const text = input.value.trim();
      if (text.length < 2) return close();
      try {
        const answer = await fetch(`/api/v1/suggest?q=${encodeURIComponent(text)}`);
        if (number !== asked || document.activeElement !== input) return undefined;
        return answer.ok ? show((await answer.json()).suggestions) : close();
      } catch {
        return close();
      }
    };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const count = list.hidden ? 0 : list.children.length;
      if (event.key === "Escape" && count) { event.preventDefault(); close(); }
      else if (event.key === "ArrowDown" && count) { event.preventDefault(); mark((active + 1) % count); }
      else if (event.key === "ArrowUp" && count) { event.preventDefault(); mark(active <= 0 ? count - 1 : active - 1); }
      else if (event.key === "Enter" && active >= 0) { event.preventDefault(); choose(list.children[active]); }
    });
  }
})();
