// Small menus at a place: of a panel, and of a stretch of time that was dragged over.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  let open = null;
  let opener = null;

  const close = () => {
    open?.remove();
    open = null;
    opener?.focus?.();
    opener = null;
  };

  // `items` are [label, address or function, detail]; null draws a line.
  gatelens.menu = (x, y, title, items, onClose) => {
    close();
    opener = document.activeElement;
    open = document.createElement("div");
    open.className = "menu";
    open.setAttribute("role", "menu");
    if (title) {
      const heading = document.createElement("p");
      heading.textContent = title;
      open.append(heading);
    }
    for (const item of items) {
      if (item && typeof item[1] === "string" && !item[2] && !gatelens.reaches(item[1])) continue;
      if (!item) {
        open.append(document.createElement("hr"));
        continue;
      }
      const [label, act, download] = item;
      const entry = document.createElement(typeof act === "string" ? "a" : "button");
      entry.setAttribute("role", "menuitem");
      entry.textContent = label;
      if (typeof act === "string") entry.href = act;
      if (download) entry.setAttribute("download", "");
      entry.addEventListener("click", () => {
        if (typeof act === "function") act();
        setTimeout(close);
      });
      open.append(entry);
    }
    document.body.append(open);
    const box = open.getBoundingClientRect();
    open.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
    open.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
    open.querySelector("[role=menuitem]")?.focus();
    const menu = open;
    new MutationObserver((_, observer) => {
      if (menu.isConnected) return;
      observer.disconnect();
      onClose?.();
    }).observe(document.body, { childList: true });
  };

  document.addEventListener("pointerdown", (event) => {
    if (open && !open.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    if (!open) return;
    if (event.key === "Escape") return close();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const entries = [...open.querySelectorAll("[role=menuitem]")];
    const place = entries.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    entries[(place + entries.length) % entries.length].focus();
  });

  const panelAddress = (panel, kind) =>
    `/page/panels/${encodeURIComponent(panel)}.${kind}?${new URLSearchParams({
      path: location.pathname, search: location.search, zone: document.documentElement.dataset.zone || "UTC",
    })}`;

  // One panel over the whole window, and back by the same entry or Escape.
  gatelens.fullScreen = (card) => {
    const isFull = card.classList.toggle("full");
    for (const other of document.querySelectorAll(".panel.full")) if (other !== card) other.classList.remove("full");
    document.documentElement.classList.toggle("has-full", isFull);
    window.dispatchEvent(new CustomEvent("gatelens:full", { detail: isFull ? card.dataset.panel : "" }));
  };
  document.addEventListener("keydown", (event) => {
    const card = event.key === "Escape" && !open && document.querySelector(".panel.full");
    if (card) gatelens.fullScreen(card);
  });

  const viewSql = async (panel) => {
    const answer = await fetch(panelAddress(panel, "sql"));
    if (answer.ok) gatelens.go(`/sql?${new URLSearchParams({ sql: await answer.text() })}`);
  };

  // The address with other parameters, for links that keep the range and the filters.
  gatelens.addressOf = (path, changes) => {
    const kept = new URLSearchParams(location.search);
    if (path !== location.pathname) {
      for (const name of ["tab", "sort", "selected"]) kept.delete(name);
      // What the page's path narrows to, another page is told as a filter.
      for (const filter of gatelens.implied || []) kept.append("filter", filter);
    }
    for (const [name, value] of Object.entries(changes)) {
      kept.delete(name);
      if (value) kept.append(name, value);
    }
    return kept.size ? `${path}?${kept}` : path;
  };

  // What an alert made from a panel watches: its measure, over a window that fits the stretch, tried on the days since.
  gatelens.alertOf = (panel, length = 0, range = null) => {
    const minutes = [30, 15, 10, 5, 1].find((each) => each * 120_000 <= length) || (length ? 1 : 5);
    const ago = range ? (Date.now() - Date.parse(range.from)) / 86_400_000 : 1;
    return {
      measure: document.querySelector(`[data-panel="${CSS.escape(panel)}"]`)?.dataset.measure || "error_rate",
      window: `${minutes}m`,
      days: String([1, 3, 7, 14, 30].find((each) => ago <= each) || 30),
    };
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-panel-menu]");
    if (!button) return;
    const panel = button.dataset.panelMenu;
    const box = button.getBoundingClientRect();
    const card = button.closest("[data-panel]");
    const items = [];
    if (card.querySelector(".chart")) {
      const say = (name) => () => window.dispatchEvent(new CustomEvent(`gatelens:${name}`, { detail: panel }));
      items.push([card.querySelector(".chart-table") ? "View as chart" : "View as table", say("table")]);
      items.push(["Download PNG", say("picture")]);
    }
    items.push([card.classList.contains("full") ? "Leave full screen" : "Full screen", () => gatelens.fullScreen(card)]);
    if (!button.dataset.asks && gatelens.hasRows(panel)) {
      items.push(["Download CSV", () => gatelens.saveCsv(panel)]);
      items.push(["Download XLSX", () => gatelens.saveXlsx(panel)]);
    }
    if (button.dataset.asks) {
      items.push(["Download CSV", panelAddress(panel, "csv"), true]);
      items.push(["Download XLSX", panelAddress(panel, "xlsx"), true]);
      const isShared = document.documentElement.dataset.shared !== undefined;
      if (!isShared) items.push(["View SQL", () => viewSql(panel)]);
      if (button.dataset.copies && !isShared) items.push(["Copy to dashboard", () => gatelens.copyPanel(panelAddress(panel, "yaml"))]);
      if (!isShared) items.push(null);
      items.push(["Create alert", gatelens.addressOf("/alerts/new", gatelens.alertOf(panel))]);
    }
    gatelens.menu(box.right - 190, box.bottom + 4, "", items);
  });
})();
