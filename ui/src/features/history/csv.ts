/** A cell as it may be read: quoted where it must be (RFC 4180), and never taken for a formula by a spreadsheet, for
 * subjects and names are what strangers wrote. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Rows as a file of comma-separated values (RFC 4180), with a byte order mark: without one some spreadsheets do not
 * take it for UTF-8. */
export function csv(rows: readonly (readonly string[])[]): string {
  return `\u{feff}${rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")}`;
}
