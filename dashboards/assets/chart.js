// The chart of the app: Plotly draws; crosshair, tooltip, legend, selection and the table are here, alike on every chart.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const components = (window.dashboards = window.dashboards || {});
  const MOST_TABLE_ROWS = 300;
  const TICK_WIDTH = 74;
  const LEAST_BAR_WIDTH = 4;
  // A hand is never quite still: a press that moves by so many pixels is no drag.
  const MOUSE_SLOP = 4;
  const TOUCH_SLOP = 10;
  const h = (...all) => React.createElement(...all);

  let plotly = null;
  const loadPlotly = () => {
    plotly ??= new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = document.getElementById("charts").href;
      script.onload = () => done(window.Plotly);
      script.onerror = () => {
        plotly = null;
        fail(new Error("The chart library was not loaded."));
      };
      document.head.append(script);
    });
    return plotly;
  };

  // `$good` or `$good/0.2` as the colour of the scheme that is on.
  const coloured = (value, style) => {
    if (typeof value === "string" && value.startsWith("$")) {
      const [name, alpha] = value.slice(1).split("/");
      const colour = style.getPropertyValue(`--${name}`).trim();
      if (!alpha) return colour;
      const parts = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
      return `rgba(${parts.join(",")},${alpha})`;
    }
    if (Array.isArray(value)) return typeof value[value.length - 1] === "number" ? value : value.map((each) => coloured(each, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, coloured(each, style)]));
    }
    return value;
  };

  gatelens.loadCharts = loadPlotly;

  const axisName = (trace) => (trace.yaxis && trace.yaxis !== "y" ? `yaxis${trace.yaxis.slice(1)}` : "yaxis");

  // The highest value on an axis, with what is stacked summed up.
  const highest = (traces, axis) => {
    let top = 0;
    const stacks = {};
    for (const trace of traces) {
      if (axisName(trace) !== axis || !trace.y) continue;
      if (trace.type === "bar") {
        const sums = (stacks.bars ??= []);
        trace.y.forEach((value, index) => (sums[index] = (sums[index] || 0) + (value || 0)));
      } else {
        for (const value of trace.all || trace.y) if (value > top) top = value;
      }
    }
    for (const sums of Object.values(stacks)) for (const value of sums) if (value > top) top = value;
    return top;
  };

  const withTicks = (layout, traces, props, width) => {
    const ticked = { ...layout };
    const bars = Math.max(0, ...traces.filter((trace) => trace.type === "bar").map((trace) => trace.x.length));
    // Gaps of part of a pixel would look like steps without data.
    if (bars * LEAST_BAR_WIDTH > width) ticked.bargap = 0;
    for (const [axis, unit] of Object.entries(props.units || {})) {
      const domain = layout[axis]?.domain || [0, 1];
      const most = domain[1] - domain[0] > 0.45 ? 4 : 2;
      const least = layout[axis]?.least || 0;
      const { values, texts } = gatelens.axis(unit, Math.max(highest(traces, axis), least), most);
      ticked[axis] = {
        ...layout[axis], range: [0, values[values.length - 1] * 1.04], tickmode: "array", tickvals: values,
        ticktext: texts,
      };
    }
    if (props.time) {
      const { ticks, labels } = props.time;
      const every = Math.max(1, Math.ceil(ticks.length / Math.max(2, Math.floor(width / TICK_WIDTH))));
      const kept = ticks.map((_, index) => index).filter((index) => index % every === 0);
      ticked.xaxis = {
        ...layout.xaxis, tickmode: "array", tickvals: kept.map((index) => ticks[index]), ticktext: kept.map((index) => labels[index]),
      };
    }
    return ticked;
  };

  // The place of a time among those of a trace; -1 where it has none within a step.
  const indexAt = (times, at, step) => {
    let low = 0;
    let high = times.length - 1;
    if (high < 0) return -1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= at) low = middle;
      else high = middle - 1;
    }
    return at - times[low] >= 0 && at - times[low] < step * 1.5 ? low : -1;
  };

  const shown = (props, isolated) => props.data.filter((trace) => !isolated || trace.name === isolated || (trace.of && trace.of === isolated));

  const legendEntries = (props) => props.data.filter((trace) => trace.name && trace.showlegend !== false);

  // As it is drawn: bars and bands are patches; lines are strokes, dashed or dotted as they are.
  const DASHES = { dot: "dotted", dash: "dashed" };
  const swatch = (trace) => {
    const colour = `var(--${(trace.line?.color || trace.marker?.color || "$neutral").slice(1).split("/")[0]})`;
    if (!trace.line?.width || trace.type === "bar" || trace.fill) return h("i", { style: { background: colour } });
    return h("i", { className: "stroke", style: { borderTop: `${trace.line.width > 1.5 ? 3 : 2}px ${DASHES[trace.line.dash] || "solid"} ${colour}` } });
  };

  const Legend = ({ props, isolated, isolate }) => {
    const place = document.getElementById(`${props.panel}-legend`);
    if (!place || !window.ReactDOM) return null;
    const entries = legendEntries(props).map((trace) =>
      h("button", {
        key: trace.name, type: "button", "aria-pressed": isolated === trace.name,
        className: isolated && isolated !== trace.name ? "faded" : "",
        title: "Show only this; again shows all",
        onClick: () => isolate(isolated === trace.name ? "" : trace.name),
        onDoubleClick: () => isolate(""),
      }, swatch(trace), trace.name));
    return ReactDOM.createPortal(entries, place);
  };

  const tooltipRows = (props, traces, at) =>
    traces.filter((trace) => trace.name && trace.hover !== false).map((trace) => {
      const index = indexAt(trace.x, at, props.time.step);
      const value = index < 0 ? null : (trace.all || trace.y)[index];
      const unit = (props.units || {})[axisName(trace)] || "plain";
      return { name: trace.name, colour: trace.line?.color || trace.marker?.color || "$neutral", text: gatelens.format(unit, value), value };
    }).filter((row) => row.value !== null && row.value !== undefined);

  // Alerts and annotations that a step touches; a moment is near enough where its line is.
  const marksAt = (time, start, step) => {
    const near = Math.max(step, (time.end - time.start) / 150);
    return (time.marks || []).filter((mark) =>
      mark.end === null ? mark.start >= start - near / 2 && mark.start < start + step + near / 2 : mark.start < start + step && mark.end >= start);
  };

  const ChartTable = ({ props }) => {
    const traces = legendEntries(props);
    const times = [...new Set(traces.flatMap((trace) => trace.x))].sort((a, b) => b - a).slice(0, MOST_TABLE_ROWS);
    const unit = (trace) => (props.units || {})[axisName(trace)] || "plain";
    return h("div", { className: "chart-table", tabIndex: 0, style: { maxHeight: props.height } },
      h("table", null,
        h("thead", null, h("tr", null, h("th", { scope: "col" }, props.time ? "Time" : "Latency"), traces.map((trace) => h("th", { key: trace.name, scope: "col" }, trace.name)))),
        h("tbody", null, times.map((at) => h("tr", { key: at },
          h("th", { scope: "row" }, props.time ? gatelens.time(at) : gatelens.format("ms", at)),
          traces.map((trace) => h("td", { key: trace.name }, gatelens.format(unit(trace), (trace.all || trace.y)[trace.x.indexOf(at)]))))))));
  };

  const asRows = (props) => {
    const traces = legendEntries(props);
    const times = [...new Set(traces.flatMap((trace) => trace.x))].sort((a, b) => a - b);
    const name = (at) => (props.time ? new Date(at).toISOString() : String(at));
    return [[props.time ? "time" : "ms", ...traces.map((trace) => trace.name)],
      ...times.map((at) => [name(at), ...traces.map((trace) => (trace.all || trace.y)[trace.x.indexOf(at)] ?? "")])];
  };

  components.Chart = (props) => {
    const box = React.useRef(null);
    const drawn = React.useRef(null);
    const line = React.useRef(null);
    const band = React.useRef(null);
    const hint = React.useRef(null);
    const cursor = React.useRef(null);
    const [isolated, isolate] = React.useState("");
    const [asTable, setTable] = React.useState(false);
    const [scheme, setScheme] = React.useState(document.documentElement.dataset.mantineColorScheme);
    const [width, setWidth] = React.useState(0);
    const [room, setRoom] = React.useState(0);
    const [isFull, setFull] = React.useState(false);
    const asked = isFull ? Math.max(props.height, window.innerHeight - 96) : props.height;
    // Where a higher card stands beside it, there is more room than was asked for.
    const height = Math.max(asked, room);
    gatelens.useRows(props.panel, () => asRows(props));

    React.useEffect(() => {
      const watch = new MutationObserver(() => setScheme(document.documentElement.dataset.mantineColorScheme));
      watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
      const table = (event) => event.detail === props.panel && setTable((is) => !is);
      const picture = (event) =>
        event.detail === props.panel &&
        Plotly.downloadImage(drawn.current, { format: "png", filename: props.panel, scale: 2, width: drawn.current.clientWidth, height: props.height });
      window.addEventListener("gatelens:table", table);
      window.addEventListener("gatelens:picture", picture);
      const full = (event) => setFull(event.detail === props.panel);
      window.addEventListener("gatelens:full", full);
      return () => {
        watch.disconnect();
        window.removeEventListener("gatelens:table", table);
        window.removeEventListener("gatelens:picture", picture);
        window.removeEventListener("gatelens:full", full);
      };
    }, [props.panel]);

    React.useEffect(() => {
      const watch = new ResizeObserver(([entry]) => {
        setWidth(Math.round(entry.contentRect.width));
        setRoom(Math.round(entry.contentRect.height));
      });
      watch.observe(box.current);
      return () => watch.disconnect();
    }, []);

    React.useEffect(() => {
      if (asTable || !width) return undefined;
      let isGone = false;
      const place = drawn.current;
      loadPlotly().then((Plotly) => {
        if (isGone) return;
        const style = getComputedStyle(document.documentElement);
        const traces = shown(props, isolated);
        const layout = withTicks({ ...props.layout, width, height }, traces, props, width);
        const data = traces.map(({ of: _of, hover: _hover, all: _all, ...trace }) => trace);
        return Plotly.react(place, coloured(data, style), coloured(layout, style), { staticPlot: true, displayModeBar: false });
      }).catch((error) => { if (!isGone) place.textContent = error.message; });
      return () => { isGone = true; };
    }, [props.data, props.layout, props.units, isolated, scheme, width, asTable, height]);

    React.useEffect(() => {
      const place = drawn.current;
      return () => { if (place && window.Plotly) Plotly.purge(place); };
    }, [asTable]);

    const area = () => drawn.current?._fullLayout?._size;
    const timeAt = (clientX) => {
      const size = area();
      if (!size || !props.time) return null;
      const across = (clientX - box.current.getBoundingClientRect().left - size.l) / size.w;
      return props.time.start + Math.min(1, Math.max(0, across)) * (props.time.end - props.time.start);
    };
    const placeOf = (at) => area().l + ((at - props.time.start) / (props.time.end - props.time.start)) * area().w;

    // The line of the crosshair on this chart, and what it says where the pointer is.
    const point = (at, isHere) => {
      cursor.current = at;
      if (!line.current || !area() || !props.time || at === null || at < props.time.start || at > props.time.end) {
        if (line.current) line.current.style.display = "none";
        if (hint.current) hint.current.style.display = "none";
        return;
      }
      const step = props.time.step;
      const times = props.data.find((trace) => trace.x?.length)?.x || [];
      const index = indexAt(times, at, step);
      const start = index < 0 ? at : times[index];
      const left = placeOf(index < 0 ? at : Math.min(start + step / 2, props.time.end));
      Object.assign(line.current.style, { display: "block", left: `${left}px`, top: `${area().t}px`, height: `${area().h}px` });
      if (!isHere) {
        hint.current.style.display = "none";
        return;
      }
      const rows = tooltipRows(props, shown(props, isolated), at);
      hint.current.replaceChildren();
      const heading = document.createElement("b");
      heading.textContent = gatelens.time(start) + (step >= 60000 ? ` – ${gatelens.time(Math.min(start + step, Date.now())).split(" ").pop()}` : "");
      hint.current.append(heading);
      for (const row of rows) {
        const entry = document.createElement("div");
        const dot = document.createElement("i");
        dot.style.background = `var(--${row.colour.slice(1).split("/")[0]})`;
        const value = document.createElement("span");
        value.textContent = row.text;
        entry.append(dot, row.name, value);
        hint.current.append(entry);
      }
      if (!rows.length) hint.current.append("No data");
      for (const mark of marksAt(props.time, start, step)) {
        const entry = document.createElement("p");
        const dot = document.createElement("i");
        dot.style.background = `var(--${mark.tone})`;
        entry.append(dot, mark.label);
        hint.current.append(entry);
      }
      hint.current.style.display = "block";
      const isRight = left > box.current.clientWidth / 2;
      hint.current.style.left = isRight ? "" : `${left + 12}px`;
      hint.current.style.right = isRight ? `${box.current.clientWidth - left + 12}px` : "";
    };

    React.useEffect(() => {
      const follow = (event) => { if (event.detail.from !== props.panel) point(event.detail.at, false); };
      window.addEventListener("gatelens:crosshair", follow);
      return () => window.removeEventListener("gatelens:crosshair", follow);
    });

    const share = (at) => {
      if (!props.time) return;
      point(at, true);
      window.dispatchEvent(new CustomEvent("gatelens:crosshair", { detail: { at, from: props.panel } }));
    };

    const select = (event) => {
      if (!props.time || event.button) return;
      const isTouch = event.pointerType === "touch";
      if (props.fixed && !isTouch) return;
      const from = timeAt(event.clientX);
      const begin = event.clientX;
      const place = event.currentTarget;
      place.setPointerCapture(event.pointerId);
      const stretch = (to) => {
        const [low, high] = [Math.min(from, to), Math.max(from, to)];
        Object.assign(band.current.style, {
          display: "block", left: `${placeOf(low)}px`, width: `${placeOf(high) - placeOf(low)}px`, top: `${area().t}px`, height: `${area().h}px`,
        });
      };
      const clear = () => { if (band.current) band.current.style.display = "none"; };
      const isDrag = (at) => !props.fixed && Math.abs(at.clientX - begin) > (isTouch ? TOUCH_SLOP : MOUSE_SLOP);
      const move = (moved) => isDrag(moved) && stretch(timeAt(moved.clientX));
      const ended = new AbortController();
      const finish = (last) => {
        ended.abort();
        if (!isDrag(last)) {
          // A tap reads the chart out, as a pointer does that hovers.
          if (isTouch) share(from);
          return;
        }
        const to = timeAt(last.clientX);
        gatelens.selected(props.panel, Math.min(from, to), Math.max(from, to), last.clientX, last.clientY, clear);
      };
      // The finger scrolls the page.
      const cancel = () => { ended.abort(); clear(); };
      for (const [name, act] of Object.entries({ pointermove: move, pointerup: finish, pointercancel: cancel })) {
        place.addEventListener(name, act, { signal: ended.signal });
      }
    };

    const onKey = (event) => {
      if (!props.time || !["ArrowLeft", "ArrowRight", "Enter"].includes(event.key)) return;
      event.preventDefault();
      const at = cursor.current ?? props.time.end - props.time.step;
      if (event.key === "Enter") {
        if (props.fixed) return;
        const where = box.current.getBoundingClientRect();
        const start = Math.floor(at / props.time.step) * props.time.step;
        gatelens.selected(props.panel, start, start + props.time.step, where.left + placeOf(at), where.top + 20);
      } else {
        share(Math.min(props.time.end - 1, Math.max(props.time.start, at + (event.key === "ArrowLeft" ? -1 : 1) * props.time.step)));
      }
    };

    return h("div", { id: props.id, ref: box, className: "chart", style: { height: asked } },
      h(Legend, { props, isolated, isolate }),
      asTable ? h(ChartTable, { props }) : [
        h("div", { key: "drawn", ref: drawn, className: "drawn", "aria-hidden": true }),
        h("div", {
          key: "area", className: "area", role: "img", tabIndex: 0, "aria-label": props.summary || "Chart",
          onPointerMove: (event) => !event.buttons && share(timeAt(event.clientX)),
          onPointerLeave: (event) => event.pointerType !== "touch" && share(null), onPointerDown: select, onKeyDown: onKey, onBlur: () => share(null),
        }),
        h("div", { key: "line", ref: line, className: "crosshair" }),
        h("div", { key: "band", ref: band, className: "stretch" }),
        h("div", { key: "hint", ref: hint, className: "hint" }),
      ]);
  };

  // What can be done with a stretch of time.
  gatelens.selected = (panel, from, to, x, y, onClose) => {
    const iso = (at, up) => new Date((up ? Math.ceil(at / 60000) : Math.floor(at / 60000)) * 60000).toISOString().replace(/:00\.000Z$/, "Z");
    const range = { from: iso(from, false), to: iso(to, true) };
    const length = Math.max(60000, Date.parse(range.to) - Date.parse(range.from));
    const to_ = gatelens.addressOf;
    gatelens.menu(x, y, `${gatelens.time(Date.parse(range.from))} – ${gatelens.time(Date.parse(range.to))} · ${gatelens.span(length)}`, [
      ["Zoom all charts", () => gatelens.go(to_(location.pathname, range))],
      ["View requests", to_("/requests", range)],
      ["Explain", to_("/explain", range)],
      ["Annotate", to_("/annotations", { start: range.from, end: range.to })],
      ["Compare with the period before", to_(location.pathname, { ...range, compare: "previous" })],
      ["Create alert", to_("/alerts/new", gatelens.alertOf(panel, length, range))],
    ], onClose);
  };
})();
