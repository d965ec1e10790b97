// What tests/e2e/test_every_page.py asks a page about itself.
(() => {
  const REACHABLE =
    "a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]):not([type=radio]), select, textarea, summary, [tabindex='0']";
  const shown = (each) => each.checkVisibility({ visibilityProperty: true });
  const told = (each) => `${each.tagName} ${each.id} ${each.className} ${each.textContent.trim().slice(0, 40)}`;
  const hasOutline = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  };
  const isSeen = (each) => hasOutline(each) || getComputedStyle(each).boxShadow !== "none";
  // Some fields are framed by what is around them: a shadow may always be there, an outline is only with the focus.
  const isFramed = (each) => each !== null && (hasOutline(each) || isFramed(each.parentElement));
  let reached = new Set();
  let unseen = new Set();

  // Summed up as Core Web Vitals do: what stood already was moved, and not by the reader.
  let shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) shifted += shift.value;
  }).observe({ type: "layout-shift", buffered: true });

  document.addEventListener("focusin", ({ target }) => {
    reached.add(target);
    const near = [target, target.parentElement, ...target.children];
    if (!near.some((each) => each && isSeen(each)) && !isFramed(target)) unseen.add(told(target));
  });

  window.inspect = {
    pages: () => [...document.querySelectorAll("#navigation a[href]")].map((each) => each.getAttribute("href")),
    faults: () => [...document.querySelectorAll("[id$=-fault] .notice")].map((each) => each.textContent),
    headings: () => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown).map((each) => Number(each.tagName[1])),
    // Tables wider than their place, and titles or tabs of which letters are missing.
    cut: () => [
      ...[...document.querySelectorAll(".table")].filter((each) => shown(each) && each.scrollWidth > each.clientWidth),
      ...[...document.querySelectorAll(".heading h1")].filter(
        (each) => each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight + 2,
      ),
      ...[...document.querySelectorAll(".tabs [aria-current]")].filter((each) => {
        const [tab, tabs] = [each.getBoundingClientRect(), each.parentElement.getBoundingClientRect()];
        return tab.left < tabs.left - 1 || tab.right > tabs.right + 1;
      }),
    ].map(told),
    tooWide: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    violations: async () => {
      const found = await window.axe.run(document, { resultTypes: ["violations"] });
      return found.violations.map((each) => ({
        id: each.id,
        nodes: each.nodes.map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).slice(0, 4),
      }));
    },
    stand: () => (shifted = 0),
    shifted: () => shifted,
    leave: () => document.activeElement?.blur(),
    // How often Tab has to be pressed to come through the page.
    beginTour: () => {
      [reached, unseen] = [new Set(), new Set()];
      window.inspect.leave();
      window.getSelection()?.removeAllRanges();
      return [...document.querySelectorAll(REACHABLE)].filter(shown).length + 5;
    },
    endTour: () => ({
      missed: [...document.querySelectorAll(REACHABLE)]
        .filter((each) => each.tabIndex >= 0 && !each.closest("[inert]") && shown(each) && !reached.has(each))
        .map(told),
      unseen: [...unseen],
    }),
  };
})();
