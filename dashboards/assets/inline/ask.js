// Stands in the document itself: what the page shows is asked for while the scripts that draw it are still on their way.
(() => {
  const PATIENCE_MS = 60_000;
  const gatelens = (window.gatelens = window.gatelens || {});

  gatelens.zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  gatelens.address = () => location.pathname + location.search;

  // A part of the page at this address, of which the browser knows those of these digests.
  gatelens.ask = async (part, known, signal, timed = false) => {
    const answer = await fetch(`/page/${part}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: location.pathname, search: location.search, zone: gatelens.zone(), known, timed }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  };

  const abort = new AbortController();
  const early = { address: gatelens.address(), abort };
  for (const part of ["frame", "data"]) {
    early[part] = gatelens.ask(part, {}, abort.signal);
    // Whoever waits for it is told.
    early[part].catch(() => {});
  }
  gatelens.early = early;
})();
