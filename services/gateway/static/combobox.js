// Completions under a search box, as the combobox with list autocomplete of the ARIA Authoring Practices. The form works
// without this file.
"use strict";
(() => {
  const FROM = 2;
  const PAUSE_MS = 80;
  // So that a reader hears one number, and not one for every key.
  const SAY_AFTER_MS = 400;
  // What is more to the point than the code system.
  const STANDING = { retired: "retired", future: "not yet in force" };

  class Combobox {
    active = -1;
    // What is typed, and what the list was made for: an answer to anything else comes too late.
    wanted = "";
    shown = "";
    // While the pointer or the arrows are on their way to an option nothing moves beneath them: a later answer waits.
    aiming = false;
    waiting = null;

    constructor(input) {
      this.input = input;
      this.list = element("ul", { id: "options", className: "options", hidden: true }, { role: "listbox", "aria-label": "Suggestions" });
      this.status = element("p", { className: "hidden" }, { role: "status" });
      input.form.append(this.list, this.status);
      attributes(input, { role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id, "aria-expanded": "false" });
      input.addEventListener("input", () => this.typed());
      input.addEventListener("keydown", (event) => this.pressed(event));
      input.addEventListener("blur", () => this.close());
      input.form.addEventListener("submit", () => this.close());
      this.list.addEventListener("pointermove", () => { this.aiming = true; });
      this.list.addEventListener("pointerleave", () => this.left());
      // A press must not take the focus away, which would close the list before the click.
      this.list.addEventListener("mousedown", (event) => event.preventDefault());
      this.list.addEventListener("click", (event) => this.clicked(event));
    }

    get isOpen() { return !this.list.hidden; }
    get last() { return this.list.children.length - 1; }
    get isChoosing() { return this.isOpen && (this.aiming || this.active >= 0); }

    typed() {
      this.aiming = false;
      this.mark(-1);
      this.forget();
      this.wanted = this.input.value.trim();
      if (this.wanted.length < FROM) {
        this.shown = "";
        this.list.replaceChildren();
        this.close();
      } else if (this.wanted !== this.shown || !this.isOpen) {
        this.timer = setTimeout(() => this.ask(this.wanted), PAUSE_MS);
      }
    }

    async ask(text) {
      this.request = new AbortController();
      try {
        const answer = await fetch(`/api/v1/suggest?q=${encodeURIComponent(text)}`, { signal: this.request.signal });
        const found = answer.ok ? (await answer.json()).suggestions : [];
        if (text === this.wanted && document.activeElement === this.input) this.show(text, found);
      } catch (error) {
        if (error.name !== "AbortError" && text === this.wanted) this.close();
      }
    }

    show(text, suggestions) {
      if (this.isChoosing) {
        this.waiting = [text, suggestions];
        return;
      }
      this.shown = text;
      this.list.replaceChildren(...suggestions.map((found, number) => optionOf(found, number, text)));
      this.list.scrollTop = 0;
      if (suggestions.length) {
        this.open();
        this.say(`${suggestions.length} suggestion${suggestions.length === 1 ? "" : "s"}, up and down arrows choose`);
      } else {
        this.close();
        this.say("No suggestions");
      }
    }

    left() {
      this.aiming = false;
      this.catchUp();
    }

    catchUp() {
      if (!this.waiting || this.isChoosing) return;
      const [text, suggestions] = this.waiting;
      this.waiting = null;
      this.show(text, suggestions);
    }

    // Nothing that is under way is wanted any more.
    forget() {
      clearTimeout(this.timer);
      this.request?.abort();
      this.waiting = null;
    }

    open() {
      if (this.last < 0) return;
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
    }

    close() {
      this.forget();
      this.list.hidden = true;
      this.aiming = false;
      this.input.setAttribute("aria-expanded", "false");
      this.mark(-1);
      this.say("");
    }

    say(text) {
      clearTimeout(this.saying);
      this.saying = setTimeout(() => { this.status.textContent = text; }, SAY_AFTER_MS);
    }

    // -1 is the text itself.
    mark(number) {
      this.active = number;
      [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === number)));
      const option = this.list.children[number];
      if (option) {
        this.input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest", behavior: "instant" });
      } else {
        this.input.removeAttribute("aria-activedescendant");
      }
    }

    // Around through the text, which is what one comes back to after the last option.
    step(by) {
      const places = this.last + 2;
      this.mark(((this.active + 1 + by + places) % places) - 1);
      this.catchUp();
    }

    openAt(number) {
      this.open();
      this.mark(number);
    }

    choose(option, elsewhere) {
      if (elsewhere) {
        window.open(option.dataset.href);
        return;
      }
      this.close();
      location.assign(option.dataset.href);
    }

    clicked(event) {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option, event.ctrlKey || event.metaKey);
    }

    pressed(event) {
      if (event.isComposing || this.last < 0) return;
      const action = this.actionOf(event);
      if (action) {
        event.preventDefault();
        action();
      } else if (["ArrowLeft", "ArrowRight"].includes(event.key)) {
        this.mark(-1);
        this.catchUp();
      }
    }

    actionOf(event) {
      const key = event.altKey ? `Alt+${event.key}` : event.key;
      const always = { "Alt+ArrowDown": () => this.open(), "Alt+ArrowUp": () => this.close() };
      if (!this.isOpen) return { ...always, ArrowDown: () => this.openAt(0), ArrowUp: () => this.openAt(this.last) }[key];
      const open = { ...always, ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1), Escape: () => this.close() };
      if (this.active < 0) return open[key];
      return {
        ...open,
        Home: () => this.mark(0),
        End: () => this.mark(this.last),
        Enter: () => this.choose(this.list.children[this.active], event.ctrlKey || event.metaKey),
      }[key];
    }
  }

  function optionOf(found, number, text) {
    const href = `/codes/${encodeURIComponent(found.system)}/${encodeURIComponent(found.code)}`;
    const option = element("li", { id: `option-${number}` }, { role: "option", "aria-selected": "false", "data-href": href });
    const description = element("span", { className: "text" });
    description.append(...marked(found.description, text));
    option.append(
      element("span", { className: "code", textContent: found.display }), " ",
      description, " ",
      element("span", { className: `system ${found.status}`, textContent: STANDING[found.status] ?? found.system_name }),
    );
    return option;
  }

  // The description with the beginnings of words that were typed in bold.
  function marked(description, text) {
    const typed = text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).sort((a, b) => b.length - a.length);
    return description.split(/([\p{L}\p{N}]+)/u).flatMap((piece) => {
      const start = typed.find((word) => piece.toLowerCase().startsWith(word));
      return start ? [element("b", { textContent: piece.slice(0, start.length) }), piece.slice(start.length)] : [piece];
    });
  }

  function element(name, properties, given = {}) {
    return attributes(Object.assign(document.createElement(name), properties), given);
  }

  function attributes(node, given) {
    for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
    return node;
  }

  const box = document.querySelector("[data-suggest]");
  if (box) new Combobox(box);
})();
