/** How long the browser may take to begin with a file before its text is let go, in milliseconds. */
const KEPT = 10_000;

/** Gives the user a text as a file of that name. */
export function download(text: string, file: string, type: string) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}
