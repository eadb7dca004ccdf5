/** The document of a mail's frame: its own strict policy, whatever the page's is. */
export function frameDocument(html: string, dark: boolean): string {
  const colours = dark ? "color:#e6e8eb;background:#1b1e22" : "color:#1c1f23;background:#fff";
  return (
    `<!doctype html><html><head><meta charset="utf-8">` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">` +
    `<meta name="referrer" content="no-referrer">` +
    `<style>html{${colours};font:15px/1.5 system-ui,sans-serif}body{margin:16px;overflow-wrap:anywhere}img{max-width:100%;height:auto}</style>` +
    `</head><body>${html}</body></html>`
  );
}
