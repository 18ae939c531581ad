let serial = 0;

export default {
  render({ model, el }) {
    const id = `pta-number-${++serial}`;
    const label = document.createElement("label");
    label.htmlFor = id;
    const row = document.createElement("div");
    row.className = "pta-number-row";
    const slider = Object.assign(document.createElement("input"), { type: "range" });
    const box = Object.assign(document.createElement("input"), { type: "number", id });
    const unit = document.createElement("span");
    unit.className = "pta-unit";
    const note = document.createElement("div");
    note.className = "pta-note";
    note.id = `${id}-note`;
    box.setAttribute("aria-describedby", note.id);
    row.append(slider, box, unit);
    el.append(label, row, note);

    const write = (value) => String(Math.round(value * 100) / 100);
    function says() {
      const value = model.get("value");
      const was = model.get("was");
      const changed = model.get("has_was") && was !== value;
      note.textContent = changed ? `was ${was === null ? "not set" : write(was)}` : "";
      note.classList.remove("pta-bad");
      el.classList.toggle("pta-changed", changed);
      box.removeAttribute("aria-invalid");
    }
    function show() {
      const value = model.get("value");
      const full = model.get("label");
      label.textContent = model.get("short_label") || full;
      slider.setAttribute("aria-label", `${full} (slider)`);
      box.setAttribute("aria-label", `${full}${model.get("unit") ? `, ${model.get("unit")}` : ""}`);
      for (const input of [slider, box]) {
        input.min = model.get(input === slider ? "slider_low" : "minimum");
        input.max = model.get(input === slider ? "slider_high" : "maximum");
        input.step = model.get("step");
        input.disabled = model.get("is_disabled");
      }
      box.step = "any";
      slider.value = value === null ? model.get("slider_low") : value;
      slider.setAttribute("aria-valuetext", value === null ? "not set" : `${write(value)} ${model.get("unit")}`);
      if (document.activeElement !== box || Number(box.value) !== value) box.value = value === null ? "" : write(value);
      box.placeholder = "not set";
      slider.classList.toggle("pta-unset", value === null);
      unit.textContent = model.get("unit");
      says();
    }
    function give(value) {
      if (value === model.get("value")) { says(); return; }
      model.set("value", value);
      model.save_changes();
    }
    slider.oninput = () => give(Number(slider.value));
    function typed() {
      if (box.value === "" && !box.validity.badInput) { give(null); return; }
      const value = Number(box.value);
      const low = model.get("minimum");
      const high = model.get("maximum");
      if (box.validity.badInput || !(value >= low && value <= high)) {
        note.textContent = `Not used: enter ${write(low)} to ${write(high)}.`;
        note.classList.add("pta-bad");
        box.setAttribute("aria-invalid", "true");
        return;
      }
      give(value);
    }
    box.onchange = typed;
    box.onkeydown = (event) => { if (event.key === "Enter") typed(); };
    // Arrow keys and the spin buttons of the box act at once; half-typed text waits for Enter or Tab.
    box.oninput = (event) => { if (!event.inputType) typed(); };
    const names = ["value", "minimum", "maximum", "slider_low", "slider_high", "step", "label", "short_label", "unit", "was", "has_was", "is_disabled"];
    const events = names.map((name) => `change:${name}`).join(" ");
    model.on(events, show);
    show();
    return () => model.off(events, show);
  },
};
