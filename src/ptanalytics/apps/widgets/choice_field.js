export default {
  render({ model, el }) {
    const group = document.createElement("fieldset");
    el.append(group);
    let boxes = [];
    function build() {
      group.replaceChildren();
      const legend = document.createElement("legend");
      legend.textContent = model.get("label");
      const list = document.createElement("div");
      list.className = "pta-choice-list";
      group.append(legend, list);
      boxes = model.get("options").map((option) => {
        const line = document.createElement("label");
        const box = Object.assign(document.createElement("input"), { type: "checkbox", value: option.value });
        const name = document.createElement("span");
        name.textContent = option.label;
        const n = document.createElement("span");
        n.className = "pta-count";
        n.textContent = option.n ?? "";
        line.append(box, name, n);
        list.append(line);
        box.onchange = () => {
          model.set("value", boxes.filter((b) => b.checked).map((b) => b.value));
          model.save_changes();
        };
        return box;
      });
      tick();
    }
    function tick() {
      const chosen = model.get("value");
      for (const box of boxes) box.checked = chosen.includes(box.value);
    }
    model.on("change:options change:label", build);
    model.on("change:value", tick);
    build();
    return () => {
      model.off("change:options change:label", build);
      model.off("change:value", tick);
    };
  },
};
