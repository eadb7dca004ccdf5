import type { Answer } from "../gen/Answer";
import type { Event } from "../gen/Event";
import type { Host } from "./index";

export function httpHost(token = new URLSearchParams(location.search).get("token") ?? ""): Host {
  return {
    async request(request) {
      let response: Response;
      try {
        response = await fetch("/api/request", {
          method: "POST",
          headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
          body: JSON.stringify(request),
        });
      } catch {
        throw { code: "offline", message: "The engine does not answer. Start it again." };
      }
      const type = response.headers.get("Content-Type") ?? "";
      if (!type.includes("json")) {
        throw { code: "internal", message: `The engine answered with ${response.status}. Reload the page.` };
      }
      const body: unknown = await response.json();
      if (!response.ok) throw body;
      return body as Answer;
    },
    listen(hear) {
      const source = new EventSource(`/api/events?token=${encodeURIComponent(token)}`);
      source.onmessage = (message) => hear(JSON.parse(message.data as string) as Event);
      return () => source.close();
    },
  };
}
