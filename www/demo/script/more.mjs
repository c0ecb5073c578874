// The button that fetches the page's further piece: one lazy import, and what to say when it can not be had.

/** `load` imports the piece; the piece fills the room it is given. */
export function offer(load) {
  const button = document.querySelector("#more");
  const piece = document.querySelector("#piece");
  button?.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { show } = await load();
      piece.replaceChildren();
      show(piece);
      button.hidden = true;
    } catch {
      piece.textContent = "This piece can not be fetched at the moment. Try again in a while.";
      button.disabled = false;
    }
    piece.hidden = false;
    piece.focus();
  });
}
