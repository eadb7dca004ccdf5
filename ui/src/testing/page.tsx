// What pages are shown with in tests.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { configure, render } from "@testing-library/react";
import type { ComponentType } from "react";
import { vi } from "vitest";
import { type Obey, PageCommands, type PageProps } from "../features/page";
import type { Overview } from "../gen/Overview";
import type { Row } from "../gen/Row";
import type { Command } from "../keys/registry";
import { useEvents } from "../model/engine";
import strings from "../ui/strings";

// Nothing is hidden in these tests, and to find that out for each element is most of their time. How long is waited is
// no more than a bound for a busy computer.
configure({ defaultHidden: true, asyncUtilTimeout: 10_000 });

// What is not written down is a fault, not something to show the key of.
Object.assign(strings.options, {
  saveMissing: true,
  missingKeyHandler: (languages: readonly string[], _: string, key: string) => {
    throw new Error(`There is no "${key}" in ${languages.join(", ")}.`);
  },
});

// The DOM of the tests has no modal dialogs.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true;
};

export const overview = (more: Partial<Overview> = {}): Overview => ({
  version: "0.1.0",
  accounts: [],
  counts: (["urgent", "task", "needs-human", "notification"] as const).map((lane, at) => ({ lane, total: 10 * (at + 1), unread: 0 })),
  sample: true,
  keychain: true,
  model: { kind: "absent" },
  models: [],
  waitingForModel: 0,
  ...more,
});

export const row = (more: Partial<Row> = {}): Row => ({
  id: 1,
  lane: "notification",
  unsure: false,
  confidence: 0.8,
  decidedBy: "evidence",
  from: { name: "Ana", address: "ana@firm.example" },
  subject: "Invoice 12",
  snippet: "Please",
  received: 1_760_000_000,
  seen: true,
  flagged: false,
  attachments: false,
  ...more,
});

/** Shows a page, and gives what it did: its callbacks, and a way to press its keys. */
export function open(Page: ComponentType<PageProps>, more: Partial<PageProps> = {}) {
  const commands: { current: Obey | null } = { current: null };
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } });
  const props: PageProps = {
    overview: overview(),
    theme: "system",
    onTheme: vi.fn(),
    onRead: vi.fn(),
    onSay: vi.fn(),
    onFailed: vi.fn(),
    onAddAccount: vi.fn(),
    onHelp: vi.fn(),
    onPage: vi.fn(),
    onChanged: vi.fn(),
    ...more,
  };
  const Listening = () => {
    useEvents();
    return <Page {...props} />;
  };
  const view = render(
    <QueryClientProvider client={client}>
      <PageCommands value={commands}>
        <Listening />
      </PageCommands>
    </QueryClientProvider>,
  );
  return { ...view, props, press: (command: Command) => commands.current?.(command) ?? false };
}
