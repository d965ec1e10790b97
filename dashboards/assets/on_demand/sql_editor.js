// The editor of the SQL page: CodeMirror, loaded when it is first needed, with completion of what this Gatelens has.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const SCRIPT = "/assets/vendor/codemirror-6.43.15.min.js";
  // Columns have these names too, and are not to be drawn as keywords.
  const UNITS = "second minute hour day week month quarter year ";
  const KEYWORDS =
    "select distinct from prewhere where group by having order limit offset with as and or not in between like ilike is null asc desc " +
    "join inner left right full outer cross any all semi anti asof on using union except intersect array case when then else end interval " +
    UNITS + "over partition rows range window qualify fill step to rollup cube totals final sample " +
    "explain describe show tables columns create functions exists cast true false";
  const TYPES =
    "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64 string datetime datetime64 date date32 decimal uuid array map tuple nullable";
  const h = (...all) => React.createElement(...all);

  let loading = null;
  const load = () => {
    loading ??= new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = SCRIPT;
      script.onload = () => done(window.CodeMirror);
      script.onerror = () => {
        loading = null;
        fail(new Error("The editor was not loaded."));
      };
      document.head.append(script);
    });
    return loading;
  };

  // The values of a dimension in the last day, commonest first; asked once.
  const asked = new Map();
  const valuesOf = (dimension) => {
    if (!asked.has(dimension)) {
      const body = { path: "/sql", search: "?from=now-24h", zone: "UTC", values: [["dimension", dimension]] };
      const found = fetch("/page/forms/filter-values", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })
        .then((answer) => answer.json()).then((answer) => answer.offered || []);
      found.catch(() => asked.delete(dimension));
      asked.set(dimension, found);
    }
    return asked.get(dimension).catch(() => []);
  };

  // A text that is being typed and compared with a column: `api = 'or`, `api IN ('orders', 'p`.
  const COMPARED = /([A-Za-z_]\w*)\s*(?:=|==|!=|<>|\bi?like\b|\b(?:not\s+)?in\b\s*\(?(?:\s*'[^']*'\s*,)*)\s*'([^'\n]*)$/i;

  const completeValue = async (context, props) => {
    const line = context.state.doc.lineAt(context.pos);
    const found = COMPARED.exec(line.text.slice(0, context.pos - line.from));
    const dimension = found && props.values[found[1]];
    if (!dimension) return null;
    const closes = context.state.sliceDoc(context.pos, context.pos + 1) === "'" ? "" : "'";
    const options = (await valuesOf(dimension)).map(([value, requests], place) => ({
      label: value, detail: `${gatelens.format("count", requests)} requests`, type: "text", boost: -place / 100,
      apply: value.replace(/\\/g, "\\\\").replace(/'/g, "\\'") + closes,
    }));
    return { from: context.pos - found[2].length, options, validFor: /^[^']*$/ };
  };

  const columnsOf = (tables, text) => {
    const named = tables.filter((table) => new RegExp(`\\b${table.name}\\b`).test(text));
    const seen = new Map();
    for (const table of named.length ? named : tables.slice(0, 1)) for (const [name, type] of table.columns) seen.set(name, { type, table: table.name });
    return [...seen].map(([label, { type, table }]) => ({ label, type: "property", detail: type, info: `column of ${table}`, boost: 3 }));
  };

  const completion = (props) => {
    const tables = props.tables.map((table) => ({ label: table.name, type: "class", detail: "table", boost: 2 }));
    const functions = props.functions.map((name) => ({ label: name, type: "function", apply: `${name}(` }));
    const keywords = KEYWORDS.split(" ").map((word) => ({ label: word.toUpperCase(), type: "keyword", boost: 1 }));
    return async (context) => {
      const node = CodeMirror.syntaxTree(context.state).resolveInner(context.pos, -1).name;
      if (node.includes("Comment")) return null;
      const before = context.state.sliceDoc(Math.max(0, context.pos - 200), context.pos);
      if (node === "String" || /'[^'\n]*$/.test(before.slice(before.lastIndexOf("\n") + 1))) {
        const values = await completeValue(context, props);
        if (values || node === "String") return values;
      }
      const word = context.matchBefore(/\w*/);
      if (word.from === word.to && !context.explicit) return null;
      if (/^\d/.test(word.text)) return null;
      const isSource = /\b(?:from|join|describe|table)\s+\w*$/i.test(before);
      const options = isSource ? tables : [...columnsOf(props.tables, context.state.doc.toString()), ...tables, ...functions, ...keywords];
      return { from: word.from, options, validFor: /^\w*$/ };
    };
  };

  const extensions = (cm, props, run, changed) => {
    const dialect = cm.SQLDialect.define({ keywords: KEYWORDS.replace(UNITS, ""), types: TYPES, identifierQuotes: "`\"", doubleQuotedStrings: false, backslashEscapes: true, operatorChars: "*+-%<>!=&|~^/?:" });
    const tags = cm.tags;
    const styled = cm.HighlightStyle.define([
      { tag: tags.keyword, class: "tok-keyword" }, { tag: [tags.string, tags.special(tags.string)], class: "tok-string" },
      { tag: [tags.number, tags.bool, tags.null], class: "tok-number" }, { tag: tags.comment, class: "tok-comment" },
      { tag: tags.typeName, class: "tok-type" },
    ]);
    // Tab moves on to the next control, as on any page.
    return [
      cm.keymap.of([{ key: "Mod-Enter", run: () => { run(); return true; }, preventDefault: true }]),
      cm.lineNumbers(), cm.highlightSpecialChars(), cm.history(), cm.drawSelection(), cm.bracketMatching(), cm.closeBrackets(),
      cm.highlightActiveLine(), cm.EditorView.lineWrapping, cm.syntaxHighlighting(styled), cm.sql({ dialect }),
      cm.autocompletion({ override: [completion(props)], icons: false, maxRenderedOptions: 60 }),
      cm.keymap.of([...cm.closeBracketsKeymap, ...cm.defaultKeymap, ...cm.historyKeymap, ...cm.completionKeymap, ...cm.lintKeymap]),
      cm.EditorView.contentAttributes.of({ id: "sql-text", "aria-label": "SQL statement" }),
      cm.EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    ];
  };

  // `control.current` becomes { text, put, mark, insert, focus }. Where the script cannot be loaded, it is a plain text field.
  gatelens.SqlEditor = ({ props, start, run, changed, control }) => {
    const place = React.useRef(null);
    const plain = React.useRef(null);
    const latest = React.useRef({});
    latest.current = { run, changed };
    const [isPlain, setPlain] = React.useState(false);

    React.useEffect(() => {
      let view = null;
      let isGone = false;
      // Until it is there, the statement is shown as it is, and what comes meanwhile is kept for it.
      place.current.textContent = start;
      let marked = null;
      control.current = {
        text: () => start, put: (text) => { start = text; place.current.textContent = text; }, mark: (...mark) => { marked = mark; },
        insert: () => {}, focus: () => {},
      };
      load().then((cm) => {
        if (isGone) return;
        const all = extensions(cm, props, () => latest.current.run(), (text) => latest.current.changed(text));
        place.current.replaceChildren();
        view = new cm.EditorView({ state: cm.EditorState.create({ doc: start, extensions: all }), parent: place.current });
        control.current = {
          text: () => view.state.doc.toString(),
          put: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length } }),
          mark: (at, message, isGoing) => {
            const end = view.state.doc.length;
            const [from, to] = at ? [Math.min(at[0], end), Math.min(at[1], end)] : [0, 0];
            view.dispatch(cm.setDiagnostics(view.state, at ? [{ from, to, severity: "error", message }] : []));
            if (at && isGoing) {
              view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
              view.focus();
            }
          },
          insert: (text) => { view.dispatch(view.state.replaceSelection(text)); view.focus(); },
          focus: () => view.focus(),
        };
        if (marked) control.current.mark(...marked);
      }).catch(() => { if (!isGone) setPlain(true); });
      return () => { isGone = true; view?.destroy(); };
    }, []);

    React.useEffect(() => {
      if (!isPlain) return;
      control.current = {
        text: () => plain.current.value,
        put: (text) => { plain.current.value = text; latest.current.changed(text); },
        mark: (at, _message, isGoing) => { if (at && isGoing) { plain.current.focus(); plain.current.setSelectionRange(...at); } },
        insert: (text) => { plain.current.setRangeText(text, plain.current.selectionStart, plain.current.selectionEnd, "end"); plain.current.focus(); },
        focus: () => plain.current.focus(),
      };
    }, [isPlain]);

    if (isPlain) {
      return h("textarea", {
        ref: plain, id: "sql-text", className: "sql-plain", "aria-label": "SQL statement", defaultValue: start, spellCheck: false,
        onChange: (event) => changed(event.target.value),
        onKeyDown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); } },
      });
    }
    return h("div", { ref: place, className: "sql-editor" });
  };
})();
