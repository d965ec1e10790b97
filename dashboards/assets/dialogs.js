// What Dash has no component for: the dialogs, the phone's drawers, the unfolded menu, offered values of a filter.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const root = document.documentElement;

  const dialogs = () => {
    const place = document.getElementById("dialogs");
    if (!place || place.childElementCount) return;
    place.innerHTML = `
      <dialog id="search-all" aria-label="Search"><input id="search-text" type="search" autocomplete="off" placeholder="Pages, APIs, consumers, gateways" aria-label="Search" aria-controls="search-found"><div id="search-found" role="listbox" aria-label="Found"></div></dialog>
      <dialog id="keys" aria-label="Keyboard shortcuts"></dialog>
      <dialog id="zones" aria-label="Time zone"><h2>Time zone</h2><input type="search" data-narrows="#zone-list" placeholder="Europe/Berlin" aria-label="Find a time zone"><div id="zone-list"></div></dialog>`;
  };

  const fillZones = () => {
    const list = document.getElementById("zone-list");
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const named = [["", `${own} (this browser)`], ["UTC", "UTC"], ...Intl.supportedValuesOf("timeZone").map((name) => [name, name])];
    list.replaceChildren(...named.map(([zone, label]) => {
      const link = document.createElement("a");
      link.href = gatelens.addressOf(location.pathname, { tz: zone });
      link.textContent = label;
      link.addEventListener("click", () => document.getElementById("zones").close());
      return link;
    }));
    document.getElementById("zones").showModal();
  };

  window.addEventListener("gatelens:applied", () => {
    dialogs();
    const zone = document.getElementById("zone");
    if (zone) zone.textContent = (root.dataset.zone || "UTC").split("/").pop().replaceAll("_", " ");
  });

  gatelens.closeDropdowns = (but) => {
    for (const each of document.querySelectorAll("details.dropdown[open]")) if (each !== but) each.open = false;
  };
  const focusFirst = (place, kinds) => [...place.querySelectorAll(kinds)].find((each) => each.checkVisibility())?.focus();
  // The toggle of one is not told to those around it.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.dropdown[open]")) focusFirst(event.target, "input, select, .choice");
  }, true);

  const closeDrawers = () => {
    for (const drawer of document.querySelectorAll(".drawer")) drawer.hidden = true;
  };
  const unfold = (open) => {
    root.dataset.navigation = open ? "open" : "";
    document.getElementById("unfold-menu")?.setAttribute("aria-expanded", String(open));
  };

  document.addEventListener("click", (event) => {
    const isChosen = event.target.closest?.("a");
    gatelens.closeDropdowns(isChosen ? null : event.target.closest?.("details.dropdown"));
    const opener = event.target.closest?.("[data-dialog]");
    if (opener) {
      const drawer = document.getElementById(opener.dataset.dialog);
      const wasHidden = drawer.hidden;
      closeDrawers();
      drawer.hidden = !wasHidden;
      focusFirst(drawer, "a, button, input, select");
      return;
    }
    if (!event.target.closest?.(".drawer")) closeDrawers();
    if (event.target.closest?.("#unfold-menu")) unfold(root.dataset.navigation !== "open");
    else if (!event.target.closest?.("#navigation summary")) unfold(false);
    if (event.target.closest?.("#zone")) fillZones();
    if (event.target.closest?.("[data-sends-link]")) sendLink();
  });

  // By what the device has for it; a reader who thinks better of it is no error.
  if (navigator.share) root.dataset.canSend = "";
  const sendLink = () =>
    navigator.share({ title: document.title, url: location.href }).then(closeDrawers, (error) => {
      if (error.name !== "AbortError") gatelens.say("The link was not sent; copy it instead.");
    });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.querySelector("details.dropdown[open]");
      gatelens.closeDropdowns();
      open?.querySelector("summary").focus();
      closeDrawers();
      unfold(false);
    }
  });

  // The values of a dimension, the busiest first, to be picked.
  document.addEventListener("change", async (event) => {
    const form = event.target.closest?.("form");
    if (event.target.matches?.("[data-offers]")) {
      const box = form.querySelector("[data-offered]");
      const answer = await fetch("/page/forms/filter-values", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ path: location.pathname, search: location.search, zone: root.dataset.zone || "UTC", values: [["dimension", event.target.value]] }),
      }).catch(() => null);
      const { offered = [] } = answer?.ok ? await answer.json() : {};
      box.replaceChildren(...offered.map(([value, requests]) => {
        const label = document.createElement("label");
        const pick = document.createElement("input");
        pick.type = "checkbox";
        pick.value = value;
        pick.name = "values";
        const count = document.createElement("small");
        count.textContent = gatelens.format("count", requests);
        label.append(pick, value, count);
        return label;
      }));
    }
  });
})();
