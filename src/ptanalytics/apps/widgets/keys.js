// Lumino, the shortcut system of JupyterLab, looks for this on the focused element itself before it takes a key.
const MARK = "data-lm-suppress-shortcuts";
const MODIFIERS = ["Control", "Meta"];
const TEXT = "textarea, input[type=text], input[type=search], input[type=number], [contenteditable=true]";

export default {
  render({ model, el }) {
    let root = null;
    let isGone = false;
    const mark = (event) => event.target.setAttribute?.(MARK, "true");
    const unmark = (event) => event.target.removeAttribute?.(MARK);
    const onDown = (event) => {
      if (MODIFIERS.includes(event.key)) unmark(event);
      const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
      if (isUndo && !event.target.matches(TEXT)) {
        event.preventDefault();
        model.send({ undo: true });
      }
    };
    const onUp = (event) => { if (MODIFIERS.includes(event.key)) mark(event); };
    const listeners = { focusin: mark, focusout: unmark, keydown: onDown, keyup: onUp };
    // The app's root exists only once the notebook has attached this element.
    function attach() {
      root = el.closest(".pta-app");
      if (!root) { if (!isGone) setTimeout(attach, 50); return; }
      for (const [name, listener] of Object.entries(listeners)) root.addEventListener(name, listener);
    }
    attach();
    return () => {
      isGone = true;
      for (const [name, listener] of Object.entries(listeners)) root?.removeEventListener(name, listener);
    };
  },
};
