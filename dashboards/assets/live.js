// Keeps the page as the URL says it: one request at a change of the address and one at each refresh.
// A hidden tab asks nothing. When the server does not answer, the last figures stay, greyed, until it does again.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const HEARTBEAT_MS = 10_000;
  const FRAMED_MS = 10_000;
  const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 10_000];
  const root = document.documentElement;
  const state = { address: "", page: "", digests: {}, missed: 0, lastGood: 0, refreshMs: 0, timer: 0, abort: null, due: 0, dataDue: 0, lastData: 0 };

  const setProps = (id, props) => window.dash_clientside.set_props(id, props);
  const { ask, zone, address } = gatelens;
  // What has panels of its own; the same page with another range keeps them until there are new ones.
  const pageOf = () => `${location.pathname}#${new URLSearchParams(location.search).get("tab") || ""}`;

  // What the document itself has asked for already, once: for the address that it was opened at.
  const askOnce = (part, known, signal) => {
    const asked = gatelens.early;
    if (asked.address !== state.address || !asked[part]) return ask(part, known, signal);
    const answer = asked[part];
    delete asked[part];
    signal.addEventListener("abort", () => asked.abort.abort());
    // What failed is asked again, as it would have been.
    return answer.catch(() => ask(part, known, signal));
  };

  // Until React has drawn the panels that figures are for, which may have come before them.
  const framed = (regions, signal) =>
    new Promise((resolve) => {
      const bodies = Object.keys(regions).filter((id) => id.endsWith("-body"));
      const isThere = () => signal.aborted || !bodies.length || bodies.some((id) => document.getElementById(id));
      const end = () => { watch.disconnect(); clearTimeout(timer); resolve(); };
      const watch = new MutationObserver(() => isThere() && end());
      const timer = setTimeout(end, FRAMED_MS);
      watch.observe(document.getElementById("content"), { childList: true, subtree: true });
      signal.addEventListener("abort", end, { once: true });
      if (isThere()) end();
    });

  const apply = (answer) => {
    for (const [id, region] of Object.entries(answer.regions)) {
      if (id !== "content" && !document.getElementById(id)) continue;
      state.digests[id] = region.digest;
      setProps(id, { children: region.children });
    }
    if (answer.title) document.title = answer.title;
    if (answer.zone) root.dataset.zone = answer.zone;
    if (answer.shared) root.dataset.shared = "";
    if (answer.implied) gatelens.implied = answer.implied;
    if (answer.refresh_ms !== undefined) state.refreshMs = answer.refresh_ms;
    window.dispatchEvent(new CustomEvent("gatelens:applied"));
    if ("content" in answer.regions) requestAnimationFrame(showTab);
  };

  // Where there is no room for all tabs, the one that is read may be among those that are scrolled away.
  const showTab = () => {
    const tab = document.querySelector(".tabs [aria-current]");
    if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
  };
  window.addEventListener("resize", showTab);

  // The figures are those of now.
  const drawn = () => {
    state.lastData = Date.now();
    state.dataDue = state.lastData + state.refreshMs;
    heard();
  };

  const heard = () => {
    state.missed = 0;
    state.lastGood = Date.now();
    root.dataset.connection = "live";
  };

  const failed = (error) => {
    if (error.name === "AbortError") return;
    state.missed += 1;
    if (state.missed >= 2) root.dataset.connection = state.missed >= 4 ? "lost" : "reconnecting";
  };

  const schedule = () => {
    clearTimeout(state.timer);
    // A server that is gone is noticed however seldom the figures are asked for.
    const next = state.refreshMs ? Math.min(HEARTBEAT_MS, Math.max(0, state.dataDue - Date.now())) : HEARTBEAT_MS;
    const wait = state.missed ? RETRY_MS[Math.min(state.missed, RETRY_MS.length) - 1] : next;
    state.due = Date.now() + wait;
    state.timer = setTimeout(tick, wait);
  };

  const begin = () => {
    // A heartbeat that came due meanwhile would end what is asked now; what ends it schedules the next.
    clearTimeout(state.timer);
    state.due = Infinity;
    state.abort?.abort();
    state.abort = new AbortController();
    root.dataset.asking = "";
    return state.abort.signal;
  };

  const end = (signal) => {
    if (signal.aborted) return;
    delete root.dataset.asking;
    schedule();
  };

  // The whole page for a changed address.
  const load = async () => {
    const signal = begin();
    state.address = address();
    const isOther = pageOf() !== state.page;
    state.page = pageOf();
    if (isOther) root.classList.remove("has-full");
    if (isOther) {
      state.digests = { navigation: state.digests.navigation };
      root.dataset.first = "";
    }
    try {
      const frame = askOnce("frame", state.digests, signal);
      const data = askOnce("data", {}, signal);
      data.catch(() => {});
      apply(await frame);
      // Charts' library comes meanwhile.
      requestAnimationFrame(() => document.querySelector(".is-chart") && gatelens.loadCharts().catch(() => {}));
      if (isOther && !location.hash) window.scrollTo(0, 0);
      const figures = await data;
      await framed(figures.regions, signal);
      if (signal.aborted) return;
      apply(figures);
      delete root.dataset.first;
      drawn();
    } catch (error) {
      // The page is not that of the address: that is told at once.
      if (error.name !== "AbortError") {
        state.address = "";
        state.missed = Math.max(1, state.missed);
      }
      failed(error);
    }
    end(signal);
  };

  // What has changed since.
  const refresh = async (timed = false) => {
    if (!state.address) return load();
    const signal = begin();
    try {
      apply(await ask("data", state.digests, signal, timed));
      drawn();
    } catch (error) {
      failed(error);
    }
    end(signal);
  };

  // Of a page that asks nothing by itself: what is around it.
  const heartbeat = async () => {
    const signal = begin();
    try {
      apply(await ask("signs", state.digests, signal));
      heard();
    } catch (error) {
      failed(error);
    }
    end(signal);
  };

  const tick = () => {
    if (document.hidden) return;
    if (state.missed || (state.refreshMs && Date.now() >= state.dataDue)) refresh(true);
    else heartbeat();
  };

  const onAddress = () => {
    if (address() !== state.address) load();
  };

  // Of an address what a view-only link keeps to; how it is sorted and which part of the range is seen may change.
  const OF_VIEW = ["sort", "columns", "from", "to", "tz", "refresh"];
  const keptTo = (to) => {
    const { pathname, searchParams } = new URL(to, location.href);
    for (const name of OF_VIEW) searchParams.delete(name);
    searchParams.sort();
    return `${pathname}?${searchParams}`;
  };
  // Whether a reader may follow a link: one who came by a view-only link stays on its page.
  gatelens.reaches = (to) => root.dataset.shared === undefined || keptTo(to) === keptTo(address());

  gatelens.go = (to, replace = false) => {
    if (!gatelens.reaches(to)) return gatelens.say("A view-only link shows this page alone; sign in to see more.");
    if (replace) history.replaceState({}, "", to);
    else history.pushState({}, "", to);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  };
  gatelens.refresh = () => refresh();

  // Every link within the app changes the address only.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const to = link.getAttribute("href");
    if (!to.startsWith("/") || link.target || link.hasAttribute("download") || to.startsWith("/api/")) return;
    event.preventDefault();
    gatelens.go(to);
  });

  // A form names what is asked with it: the answer is an address to go to, or what is wrong with the input.
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-form]");
    if (!form) return;
    event.preventDefault();
    const values = [...new FormData(form, event.submitter).entries()].filter(([name]) => name).map(([name, value]) => [name, String(value)]);
    const told = form.querySelector("[data-fault]");
    try {
      const answer = await fetch(`/page/forms/${event.submitter?.dataset.form || form.dataset.form}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ path: location.pathname, search: location.search, zone: zone(), values }),
      });
      const found = await answer.json();
      if (told) told.textContent = found.fault || "";
      if (found.made) return made(form, found.made);
      if (found.message !== undefined) gatelens.say(found.message, found.undo);
      if (found.go) {
        gatelens.closeDropdowns();
        // What was changed is to be seen, even where the address is the same.
        if (found.go === address()) refresh();
        else gatelens.go(found.go, event.submitter === null);
      }
    } catch {
      if (told) told.textContent = "Gatelens does not answer; try again in a moment.";
    }
  });

  // What a form has made, such as a link: copied, and there to be copied once more.
  const made = (form, path) => {
    const link = new URL(path, location.origin).href;
    const field = document.createElement("input");
    Object.assign(field, { readOnly: true, value: link });
    field.setAttribute("aria-label", "Link");
    const note = document.createElement("small");
    note.textContent = "It is shown this once.";
    form.querySelector("[data-made]").replaceChildren(field, note);
    field.select();
    navigator.clipboard?.writeText(link).then(() => { note.textContent = "Copied. It is shown this once."; }, () => {});
  };

  // A form that shows what comes of it is taken at each change of it.
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-live]");
    if (form) form.requestSubmit();
  });

  const undoButton = (token) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Undo";
    button.addEventListener("click", async () => {
      button.disabled = true;
      const answer = await fetch("/page/forms/undo", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ path: location.pathname, search: location.search, zone: zone(), values: [["token", token]] }),
      }).catch(() => null);
      const found = answer?.ok ? await answer.json() : { fault: "Gatelens does not answer; try again in a moment." };
      gatelens.say(found.fault || found.message);
      refresh();
    });
    return button;
  };

  // A sentence at the edge of the window, for as long as it takes to read it.
  gatelens.say = (text, undo) => {
    document.querySelector(".said")?.remove();
    if (!text) return;
    const said = document.createElement("div");
    said.className = "said";
    said.setAttribute("role", "status");
    said.textContent = text;
    if (undo) said.append(undoButton(undo));
    document.body.append(said);
    setTimeout(() => said.remove(), undo ? 20_000 : 8_000);
  };

  window.addEventListener("popstate", onAddress);
  window.addEventListener("_dashprivate_pushstate", onAddress);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() >= state.due) tick();
  });

  // "Live · updated 3 s ago", each second.
  const tell = () => {
    const place = document.getElementById("live-text");
    if (!place || !state.lastGood) return;
    const ago = Math.round((Date.now() - state.lastData) / 1000);
    const connection = root.dataset.connection;
    place.textContent =
      connection === "lost" ? `No answer since ${gatelens.time(state.lastGood, true)}`
      : connection === "reconnecting" ? "Reconnecting…"
      : state.refreshMs ? `Live · updated ${ago < 2 ? "now" : `${gatelens.span(ago * 1000)} ago`}`
      : `As of ${gatelens.time(state.lastGood, true)}`;
  };
  setInterval(tell, 1000);

  // Dash draws the shell after its scripts have run.
  const boot = new MutationObserver(() => {
    if (!document.getElementById("content") || !window.dash_clientside?.set_props) return;
    boot.disconnect();
    load();
  });
  boot.observe(root, { childList: true, subtree: true });
})();
