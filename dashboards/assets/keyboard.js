// Keys: `?` lists them. Ctrl+K or / searches pages, APIs, consumers, gateways.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const PAGES = { o: "/", a: "/apis", c: "/consumers", g: "/gateways", m: "/mesh", r: "/requests", l: "/alerts", s: "/sql" };
  const KEYS = [
    ["Ctrl K or /", "Search"], ["t", "Time range"], ["f", "Add a filter"], ["[ and ]", "Earlier and later"], ["r", "Refresh"],
    ["g o", "Overview"], ["g a", "APIs"], ["g c", "Consumers"], ["g g", "Gateways"], ["g m", "Mesh"], ["g r", "Requests"],
    ["g l", "Alerts"], ["g s", "SQL"], ["← → on a chart", "Read its values"], ["?", "This list"],
  ];
  let wait = 0;
  let asked = 0;

  const dialog = (id) => {
    const found = document.getElementById(id);
    if (!found) return null;
    if (!found.open) found.showModal();
    return found;
  };

  const list = () => {
    const found = dialog("keys");
    if (!found || found.dataset.filled) return;
    found.dataset.filled = "yes";
    const rows = KEYS.map(([key, what]) => {
      const row = document.createElement("div");
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      row.append(kbd, what);
      return row;
    });
    const heading = document.createElement("h2");
    heading.textContent = "Keyboard";
    found.append(heading, ...rows);
  };

  const find = async (text) => {
    const mine = ++asked;
    const box = document.getElementById("search-found");
    const answer = await fetch(`/page/search?${new URLSearchParams({ text, search: location.search })}`).catch(() => null);
    // Read even where another was asked meanwhile: what is not read keeps its connection.
    const { found = [] } = answer?.ok ? await answer.json() : {};
    if (mine !== asked || !answer?.ok) return;
    box.replaceChildren(...found.map(({ label, kind, href }, index) => {
      const link = document.createElement("a");
      link.href = href;
      link.setAttribute("role", "option");
      link.setAttribute("aria-selected", String(index === 0));
      const small = document.createElement("small");
      small.textContent = kind;
      link.append(label, small);
      link.addEventListener("click", () => document.getElementById("search-all").close());
      return link;
    }));
    if (!found.length) box.textContent = "Nothing found";
  };

  gatelens.search = () => {
    const found = dialog("search-all");
    if (!found) return;
    const input = found.querySelector("input");
    input.value = "";
    input.focus();
    find("");
  };

  document.addEventListener("input", (event) => {
    if (event.target.id === "search-text") find(event.target.value);
    if (event.target.matches?.("[data-narrows]")) {
      const text = event.target.value.toLowerCase();
      for (const each of document.querySelectorAll(`${event.target.dataset.narrows} > *`)) each.hidden = !each.textContent.toLowerCase().includes(text);
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#open-search")) gatelens.search();
    if (event.target.closest?.("#open-keys")) list();
    if (event.target.closest?.("#refresh-now")) gatelens.refresh();
    const button = event.target.closest?.("[data-copies-link]");
    if (button) {
      navigator.clipboard?.writeText(location.href);
      button.dataset.done = "Copied";
      setTimeout(() => delete button.dataset.done, 1500);
    }
    const copy = event.target.closest?.("[data-copy]");
    if (copy) {
      navigator.clipboard?.writeText(copy.dataset.copy);
      const label = copy.querySelector("span:last-child");
      label.textContent = "Copied";
      setTimeout(() => { label.textContent = "Copy"; }, 1500);
    }
    // A click beside a dialog closes it.
    if (event.target.tagName === "DIALOG") event.target.close();
  });

  const move = (event, box) => {
    const options = [...box.querySelectorAll("a")];
    const place = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "Enter") return options[Math.max(0, place)]?.click();
    event.preventDefault();
    const next = (place + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
    options.forEach((each, index) => each.setAttribute("aria-selected", String(index === next)));
    options[next]?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return gatelens.search();
    }
    if (event.target.id === "search-text" && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) {
      return move(event, document.getElementById("search-found"));
    }
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable=true], [role=textbox]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (Date.now() < wait) {
      wait = 0;
      const path = PAGES[event.key];
      if (path) gatelens.go(gatelens.addressOf(path, {}));
      return;
    }
    const click = (selector) => document.querySelector(selector)?.click();
    const actions = {
      "?": list, "/": gatelens.search, t: () => click("#range"), f: () => click("#add-filter"), r: () => gatelens.refresh(),
      "[": () => click("#earlier"), "]": () => click("#later"), g: () => { wait = Date.now() + 1500; },
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
})();
