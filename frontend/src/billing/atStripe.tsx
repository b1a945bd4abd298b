import { Anchor, Badge, Group, SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconCreditCard, IconFileInvoice } from "@tabler/icons-react";
import type { components } from "../api/schema";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { cardsQuery, invoicesQuery, settingsQuery } from "./queries";

type Card = components["schemas"]["PaymentMethodOut"];
type Invoice = components["schemas"]["InvoiceOut"];

const CARDS: Column<Card>[] = [
  {
    name: "Card",
    show: (card) => (
      <Group gap="xs">
        {`${card.brand} •••• ${card.last4}`}
        {card.default && <Badge variant="light">default</Badge>}
      </Group>
    ),
  },
  { name: "Expires", show: ({ expires }) => expires },
];

const INVOICES: Column<Invoice>[] = [
  { name: "When", show: ({ created_at }) => <Time at={created_at} /> },
  {
    name: "Invoice",
    show: ({ id, number, url }) =>
      url ? (
        <Anchor href={url} size="sm">
          {number ?? id}
        </Anchor>
      ) : (
        <>{number ?? id}</>
      ),
  },
  { name: "State", show: ({ status }) => status ?? "" },
  {
    name: "As a file",
    hidden: true,
    show: ({ pdf }) =>
      pdf ? (
        <Anchor href={pdf} size="sm">
          PDF
        </Anchor>
      ) : null,
  },
  { name: "Total", number: true, show: ({ total }) => <Amount of={total} exact /> },
];

/** What Stripe keeps for the account: cards and invoices; nothing where payments are off. */
export function AtStripe() {
  const settings = useQuery(settingsQuery);
  const on = settings.data !== undefined && settings.data.stripe !== "off";
  const cards = useQuery({ ...cardsQuery, enabled: on });
  const invoices = useQuery({ ...invoicesQuery, enabled: on });
  if (!on) return null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Panel title="Cards" flush>
        <Rows
          label="Cards"
          columns={CARDS}
          rows={cards.data?.data}
          id={({ id }) => id}
          error={cards.error}
          retry={() => void cards.refetch()}
          empty={
            <Empty icon={IconCreditCard} title="No saved card">
              The card of a top-up is saved, and pays automatic ones.
            </Empty>
          }
        />
      </Panel>
      <Panel title="Invoices" flush>
        <Rows
          label="Invoices"
          columns={INVOICES}
          rows={invoices.data?.data}
          id={({ id }) => id}
          error={invoices.error}
          retry={() => void invoices.refetch()}
          empty={
            <Empty icon={IconFileInvoice} title="No invoice yet">
              Every top-up that is paid has one.
            </Empty>
          }
        />
      </Panel>
    </SimpleGrid>
  );
}
