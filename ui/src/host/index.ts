// The only door to the engine. Everything else in the interface is the same in the window and in a browser.
import type { Answer } from "../gen/Answer";
import type { Event } from "../gen/Event";
import type { Failure } from "../gen/Failure";
import type { Request } from "../gen/Request";
import { httpHost } from "./http";
import { tauriHost } from "./tauri";

export interface Host {
  /** Rejects with a `Failure`. */
  request(request: Request): Promise<Answer>;
  /** Returns what ends the listening. */
  listen(hear: (event: Event) => void): () => void;
}

/** Requests that are answered with the view of what they change. */
interface AnsweredAs {
  teach: "memory";
  "set-examples": "memory";
  "draw-audit": "audit";
  "answer-audit": "audit";
  "end-audit": "audit";
  "take-back": "undo";
  "set-rules": "rules";
  "set-instructions": "instructions";
}

type Kind = Request["kind"];

export type AnswerTo<K extends Kind> = Extract<Answer, { kind: K extends keyof AnsweredAs ? AnsweredAs[K] : K }>;

export const host: Host = "__TAURI_INTERNALS__" in window ? tauriHost() : httpHost();

export async function ask<R extends Request>(request: R): Promise<AnswerTo<R["kind"]>> {
  return (await host.request(request)) as AnswerTo<R["kind"]>;
}

/** Whatever was thrown, as a failure with a sentence. */
export function failureOf(error: unknown): Failure {
  if (typeof error === "object" && error !== null && "code" in error && "message" in error) {
    return error as Failure;
  }
  return { code: "internal", message: String(error) };
}
