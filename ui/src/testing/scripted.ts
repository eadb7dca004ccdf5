// An engine that answers what a test has written down, in place of `host`. For tests of what pages show and ask; that
// the engine means the same is tested in the browser.
import type { Answer } from "../gen/Answer";
import type { Event } from "../gen/Event";
import type { Failure } from "../gen/Failure";
import type { Request } from "../gen/Request";

type Script = { [K in Request["kind"]]?: (request: Extract<Request, { kind: K }>) => unknown };

let script: Script = {};
const ears = new Set<(event: Event) => void>();

/** What was asked, in order. */
export const asked: Request[] = [];

/** Begins anew with these answers; what has none is refused. */
export function answers(next: Script) {
  script = next;
  asked.length = 0;
}

export function tell(event: Event) {
  for (const ear of ears) ear(event);
}

export const host = {
  async request(request: Request): Promise<Answer> {
    asked.push(request);
    const answer = script[request.kind] as ((request: Request) => unknown) | undefined;
    if (!answer) throw { code: "internal", message: `Nothing is written down for ${request.kind}.` } satisfies Failure;
    return (await answer(request)) as Answer;
  },
  listen(hear: (event: Event) => void) {
    ears.add(hear);
    return () => void ears.delete(hear);
  },
};

export const ask = (request: Request) => host.request(request);

export const failureOf = (error: unknown) => error as Failure;
