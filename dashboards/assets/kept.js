// What people keep: a panel that is copied to a dashboard, a definition that is read from a file.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});

  // The panel as YAML goes along in the address, to where a dashboard is chosen.
  gatelens.copyPanel = async (address) => {
    const answer = await fetch(address);
    const text = await answer.text();
    if (answer.ok) gatelens.go(gatelens.addressOf("/dashboards", { copy: text }));
    else gatelens.say(text);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-reads]");
    if (!button) return;
    const chosen = document.createElement("input");
    chosen.type = "file";
    chosen.accept = ".yaml,.yml,.json";
    chosen.addEventListener("change", async () => {
      const area = button.form.elements[button.dataset.reads];
      // React takes a value for typed only if it was set past it.
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, await chosen.files[0].text());
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
    chosen.click();
  });
})();
