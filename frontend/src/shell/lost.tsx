import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Frame } from "../auth/frame";

export function Lost() {
  return (
    <Frame title="Nothing is here" about="This address leads to no page of the dashboard.">
      <Button component={Link} to="/">
        To the overview
      </Button>
    </Frame>
  );
}
