// Completions under a search box, as the combobox with list autocomplete of the ARIA Authoring Practices. The form works
// without this file.
"use strict";
(() => {
  const FROM = 2;
  const PAUSE = 80;
  const box = document.querySelector("[data-suggest]");
  if (box) combobox(box);

  function combobox(input) {
    const list = element("ul", { id: "options", className: "options", hidden: true });
    for (const [name, value] of [["role", "listbox"], ["aria-label", "Suggestions"]]) list.setAttribute(name, value);
    const status = element("p", { className: "hidden" });
    status.setAttribute("role", "status");
    input.form.append(list, status);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
      input.setAttribute(name, value);
    }
    // What the list is for, or will be: an answer to anything else is too late.
    let wanted = "";
    let shown = "";
    let active = -1;
    let timer;
    let request;
    let announcement;
    // While the pointer is on its way to an option, nothing moves beneath it: a later answer waits.
    let aiming = false;
    let waiting = null;

    const options = () => [...list.children];
    const isOpen = () => !list.hidden;
    const forget = () => { clearTimeout(timer); request?.abort(); waiting = null; };
    const say = (text) => { clearTimeout(announcement); announcement = setTimeout(() => { status.textContent = text; }, 400); };
    const close = () => {
      forget();
      list.hidden = true;
      aiming = false;
      input.setAttribute("aria-expanded", "false");
      mark(-1);
      say("");
    };
    const open = () => {
      if (!list.children.length) return;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    const mark = (number) => {
      active = number;
      options().forEach((option, at) => option.setAttribute("aria-selected", String(at === number)));
      if (number < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", list.children[number].id);
      return list.children[number].scrollIntoView({ block: "nearest" });
    };
    // Through the text itself, which is what one comes back to after the last option.
    const step = (by) => {
      const places = list.children.length + 1;
      mark(((active + 1 + by + places) % places) - 1);
    };
    const choose = (option, elsewhere) => {
      if (elsewhere) return void window.open(option.dataset.href);
      close();
      return location.assign(option.dataset.href);
    };
    const show = (text, suggestions) => {
      if (aiming) { waiting = [text, suggestions]; return; }
      shown = text;
      list.replaceChildren(...suggestions.map((found, number) => optionOf(found, number, text)));
      mark(-1);
      if (!suggestions.length) { close(); return say(`No suggestions`); }
      open();
      say(`${suggestions.length} ${suggestions.length === 1 ? "suggestion" : "suggestions"}, up and down arrows choose`);
    };
    const ask = async (text) => {
      request?.abort();
      request = new AbortController();
      try {
        const answer = await fetch(`/api/v1/suggest?q=${encodeURIComponent(text)}`, { signal: request.signal });
        const found = answer.ok ? (await answer.json()).suggestions : [];
        if (text === wanted && document.activeElement === input) show(text, found);
      } catch (error) {
        if (error.name !== "AbortError" && text === wanted) close();
      }
    };

    input.addEventListener("input", () => {
      aiming = false;
      forget();
      wanted = input.value.trim();
      if (wanted.length < FROM) { shown = ""; list.replaceChildren(); close(); return; }
      // A space more changes nothing.
      if (wanted === shown && isOpen()) return;
      timer = setTimeout(ask, PAUSE, wanted);
    });
    input.addEventListener("blur", close);
    input.form.addEventListener("submit", close);
    list.addEventListener("pointermove", () => { aiming = true; });
    list.addEventListener("pointerleave", () => {
      aiming = false;
      if (waiting) show(...waiting);
      waiting = null;
    });
    // A press must not take the focus away, which would close the list before the click.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option, event.ctrlKey || event.metaKey);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const last = list.children.length - 1;
      const key = event.altKey ? `Alt+${event.key}` : event.key;
      const keys = {
        ArrowDown: () => { if (isOpen()) step(1); else if (last >= 0) { open(); mark(0); } },
        ArrowUp: () => { if (isOpen()) step(-1); else if (last >= 0) { open(); mark(last); } },
        "Alt+ArrowDown": open,
        "Alt+ArrowUp": close,
      };
      if (isOpen()) keys.Escape = close;
      if (isOpen() && active >= 0) {
        keys.Enter = () => choose(list.children[active], event.ctrlKey || event.metaKey);
        keys.Home = () => mark(0);
        keys.End = () => mark(last);
      }
      if (keys[key] && (last >= 0 || isOpen())) { event.preventDefault(); keys[key](); }
      else if (["ArrowLeft", "ArrowRight"].includes(key)) mark(-1);
    });
  }

  function optionOf(found, number, text) {
    const option = element("li", { id: `option-${number}` });
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.href = `/codes/${encodeURIComponent(found.system)}/${encodeURIComponent(found.code)}`;
    option.append(element("span", { className: "code", textContent: found.display }), " ");
    const description = element("span", { className: "text" });
    description.append(...marked(found.description, text));
    option.append(description, " ", element("span", { className: "system", textContent: found.system_name }));
    return option;
  }

  // The description with the beginnings of words that were typed in bold.
  function marked(description, text) {
    const typed = text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    return description.split(/([\p{L}\p{N}]+)/u).flatMap((piece) => {
      const start = typed.filter((word) => piece.toLowerCase().startsWith(word)).sort((a, b) => b.length - a.length)[0];
      if (!start) return [piece];
      return [element("b", { textContent: piece.slice(0, start.length) }), piece.slice(start.length)];
    });
  }

  function element(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }
})();
