// Components that one page alone has: its files are loaded when it is opened, and kept.
(() => {
  const components = (window.dashboards = window.dashboards || {});
  const h = (...all) => React.createElement(...all);
  const loading = new Map();

  const loaded = (file) => {
    if (loading.has(file)) return loading.get(file);
    const isStyle = /\.css(\?|$)/.test(file);
    const element = document.createElement(isStyle ? "link" : "script");
    const done = new Promise((resolve, reject) => {
      element.onload = resolve;
      element.onerror = () => {
        loading.delete(file);
        element.remove();
        reject(new Error("A part of this page was not loaded; reload the page."));
      };
    });
    if (isStyle) Object.assign(element, { rel: "stylesheet", href: file });
    // In their order, whichever comes first.
    else Object.assign(element, { src: file, async: false });
    loading.set(file, done);
    document.head.append(element);
    return done;
  };

  // What is drawn is `whole` of the component, which its files set.
  const onDemand = (name) => {
    components[name] = (props) => {
      const [isThere, setThere] = React.useState(Boolean(components[name].whole));
      const [fault, setFault] = React.useState("");
      React.useEffect(() => {
        if (isThere) return;
        Promise.all(props.files.map(loaded)).then(() => setThere(true), (error) => setFault(error.message));
      }, []);
      if (fault) return h("p", { className: "notice tone-bad", role: "alert" }, fault);
      return isThere ? h(components[name].whole, props) : h("div", { className: "skeleton", style: { height: 420 } });
    };
  };

  onDemand("SqlWorkbench");
})();
