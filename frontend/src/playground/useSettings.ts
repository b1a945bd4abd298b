import { useDebouncedCallback } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { fitting } from "./link";
import { read, write, type Search, type Settings } from "./settings";

const PAUSE_MS = 300;

/**
 * What is set, and the way to change it. The address follows a pause in the typing: were the fields
 * to show what the address says, which arrives later, the caret would jump.
 * `first`: the model where none was ever chosen.
 */
export function useSettings(first: string | undefined): [Settings, (next: Settings) => void] {
  const search = useSearch({ from: "/inside/playground" });
  const navigate = useNavigate({ from: "/playground" });
  const [draft, setDraft] = useState(search);
  const [written, setWritten] = useState(search);
  const [seen, setSeen] = useState(search);
  const put = useDebouncedCallback((next: Search) => {
    setWritten(next);
    void navigate({ search: next, replace: true });
  }, PAUSE_MS);
  // An address that was not written here, but led to: by a link, or back in the history.
  if (search !== seen) {
    setSeen(search);
    if (!alike(search, written)) {
      setWritten(search);
      setDraft(search);
    }
  }
  const asked = read(draft);
  const unchosen = draft.models === undefined && first !== undefined;
  return [
    unchosen ? { ...asked, models: [first] } : asked,
    (settings) => {
      // No model at all is a choice as well, unlike an address that names none.
      const next = { ...write(settings), models: settings.models.join(",") };
      setDraft(next);
      put(fitting(next).search);
    },
  ];
}

const alike = (one: Search, other: Search): boolean =>
  JSON.stringify(write(read(one), one.prompt)) ===
    JSON.stringify(write(read(other), other.prompt)) && one.models === other.models;
