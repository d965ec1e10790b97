// The service map: nodes in columns, and bands between them as wide as their traffic. Python lays it out.
(() => {
  const components = (window.dashboards = window.dashboards || {});
  const h = (...all) => React.createElement(...all);

  const bandOf = ({ x1, y1, x2, y2 }) => {
    const middle = (x1 + x2) / 2;
    return `M${x1},${y1}C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
  };

  const Band = (band) =>
    h("a", { key: band.key, href: band.href, "aria-label": band.label, className: `tone-${band.tone}${band.selected ? " selected" : ""}` },
      h("path", { d: bandOf(band), strokeWidth: band.width }),
      h("title", null, band.label));

  const Node = (node) => {
    const isLast = node.anchor === "end";
    const content = [
      h("rect", { key: "bar", x: node.x, y: node.y, width: node.width, height: node.height, rx: 2 }),
      h("text", { key: "name", x: isLast ? node.x - 6 : node.x + node.width + 6, y: node.y + node.height / 2, textAnchor: node.anchor, dominantBaseline: "central" }, node.label),
      h("title", { key: "title" }, node.title),
    ];
    return node.href ? h("a", { key: node.key, href: node.href, className: "node" }, content) : h("g", { key: node.key, className: "node" }, content);
  };

  components.Flow = ({ id, nodes, bands, width, height, summary }) =>
    h("div", { id, className: "flow" },
      h("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": summary },
        bands.map(Band), nodes.map(Node)));
})();
