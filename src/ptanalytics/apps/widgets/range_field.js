let serial = 0;

export default {
  render({ model, el }) {
    const group = document.createElement("fieldset");
    const legend = document.createElement("legend");
    const note = document.createElement("div");
    note.className = "pta-note";
    note.id = `pta-range-${++serial}`;
    const ends = { low: "from", high: "to" };
    const inputs = {};
    group.append(legend);
    for (const [name, word] of Object.entries(ends)) {
      const line = document.createElement("div");
      line.className = "pta-number-row";
      const says = document.createElement("span");
      says.textContent = word;
      const slider = Object.assign(document.createElement("input"), { type: "range" });
      const box = Object.assign(document.createElement("input"), { type: "number", placeholder: "any" });
      box.setAttribute("aria-describedby", note.id);
      line.append(says, slider, box);
      group.append(line);
      inputs[name] = { slider, box };
      slider.oninput = () => { box.value = slider.value; };
      // A filter moves many charts, so the slider acts when it is let go (each arrow key press is one such moment).
      slider.onchange = () => give(name, Number(slider.value), Number(slider.value) === edge(name));
      box.onchange = () => typed(name);
      box.onkeydown = (event) => { if (event.key === "Enter") typed(name); };
      box.oninput = (event) => { if (!event.inputType) typed(name); };
    }
    group.append(note);
    el.append(group);

    const edge = (name) => model.get(name === "low" ? "minimum" : "maximum");
    function refuse(sentence, box) {
      note.textContent = sentence;
      note.classList.add("pta-bad");
      box.setAttribute("aria-invalid", "true");
    }
    function give(name, value, isOpen) {
      const next = isOpen ? null : value;
      const low = name === "low" ? next : model.get("low");
      const high = name === "high" ? next : model.get("high");
      if (low !== null && high !== null && low > high) {
        refuse("Not used: 'from' is above 'to'.", inputs[name].box);
        return;
      }
      if (model.get(name) === next) { show(); return; }
      model.set(name, next);
      model.save_changes();
    }
    function typed(name) {
      const { box } = inputs[name];
      if (box.value === "" && !box.validity.badInput) { give(name, 0, true); return; }
      const value = Number(box.value);
      const [least, most] = [model.get("minimum"), model.get("maximum")];
      if (box.validity.badInput || !(value >= least && value <= most)) {
        refuse(`Not used: enter ${least} to ${most}.`, box);
        return;
      }
      give(name, value, false);
    }
    function show() {
      const unit = model.get("unit");
      legend.textContent = model.get("label") + (unit ? ` (${unit})` : "");
      for (const [name, word] of Object.entries(ends)) {
        const { slider, box } = inputs[name];
        for (const input of [slider, box]) {
          input.min = model.get("minimum");
          input.max = model.get("maximum");
          input.step = model.get("step");
          input.setAttribute("aria-label", `${model.get("label")}, ${word}${input === slider ? " (slider)" : ""}`);
        }
        box.step = "any";
        const value = model.get(name);
        slider.value = value ?? edge(name);
        box.value = value ?? "";
        box.removeAttribute("aria-invalid");
      }
      note.textContent = "";
      note.classList.remove("pta-bad");
    }
    const events = ["low", "high", "minimum", "maximum", "step", "label", "unit"].map((n) => `change:${n}`).join(" ");
    model.on(events, show);
    show();
    return () => model.off(events, show);
  },
};
