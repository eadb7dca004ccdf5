// Finding a command by its words.

const COMBINING = /\p{M}/gu;

/** Without case and accents. */
const folded = (text: string) => text.normalize("NFD").replace(COMBINING, "").toLocaleLowerCase();

/** How well all words of a query stand in a title: 0 as its beginning, 1 at beginnings of words, 2 elsewhere; `null` if
 * one does not. */
function rank(title: string, query: string): number | null {
  if (title.startsWith(query)) return 0;
  let worst = 1;
  for (const word of query.split(/\s+/)) {
    if (!title.includes(word)) return null;
    if (!title.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word))) worst = 2;
  }
  return worst;
}

/** Those whose titles hold all words of the query, the best first, otherwise in their order. */
export function matching<T extends { title: string }>(entries: T[], query: string): T[] {
  const wanted = folded(query).trim();
  if (!wanted) return entries;
  return entries
    .flatMap((entry) => {
      const found = rank(folded(entry.title), wanted);
      return found === null ? [] : [{ entry, found }];
    })
    .sort((a, b) => a.found - b.found)
    .map(({ entry }) => entry);
}
