import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Event } from "../gen/Event";
import type { Host } from "./index";

export function tauriHost(): Host {
  return {
    request: (request) => invoke("request", { request }),
    listen(hear) {
      const ended = listen<Event>("engine", (event) => hear(event.payload));
      return () => void ended.then((end) => end());
    },
  };
}
