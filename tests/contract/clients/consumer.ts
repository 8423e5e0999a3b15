// Uses openapi-fetch over the types of openapi-typescript: two pages, one package, one figure, two refusals.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

// Whole answers and problems; what is sparse (`fields`) has a media type of its own.
const hub = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: process.argv[2] });
const thinHub = createClient<paths, "application/vnd.rakor.sparse+json">({ baseUrl: process.argv[2] });
type PackagePage = components["schemas"]["Page_PackageRead_"];
type PackageRead = components["schemas"]["PackageRead"];

async function listed(after: string | null): Promise<PackagePage> {
  const { data } = await hub.GET("/api/v1/packages", { params: { query: { node: ["surabaya"], limit: 3, after } } });
  return data!;
}

async function main(): Promise<void> {
  const codes: string[] = [];
  let after: string | null = null;
  for (let number = 0; number < 2; number++) {
    const page = await listed(after);
    codes.push(...page.items.map((item) => item.code));
    after = page.next;
  }
  const completed = await hub.GET("/api/v1/packages", {
    params: { query: { node: ["surabaya"], status: ["completed"], limit: 1000 } },
  });
  const items: PackageRead[] = completed.data!.items;
  const path = { node: "surabaya", kind: "tender" as const, code: codes[0]! };
  const whole = await hub.GET("/api/v1/packages/{node}/{kind}/{code}", { params: { path } });
  const thin = await thinHub.GET("/api/v1/packages/{node}/{kind}/{code}", {
    params: { path, query: { fields: ["code", "pagu"] } },
  });
  const sparse: components["schemas"]["SparsePackageDetail"] = thin.data!;
  const savings = await hub.GET("/api/v1/statistics/savings", {
    params: { query: { node: ["surabaya"], fiscal_year: [2025], group_by: ["node", "fiscal_year"] } },
  });
  const changes = await hub.GET("/api/v1/changes", { params: { query: { limit: 2 } } });
  const refusal = await hub.GET("/api/v1/packages/{node}/{kind}/{code}", { params: { path: { ...path, code: "0" } } });
  const wrong = await hub.GET("/api/v1/packages", { params: { query: { limit: 0 } } });
  const group = savings.data!.items[0]!;

  console.log(
    JSON.stringify({
      codes,
      has_more: after !== null,
      completed: items.length,
      pagu: whole.data!.pagu,
      has_nulls: items.some((item) => item.pagu === null || item.bidders === null || item.created_on === null),
      kind: whole.data!.kind,
      changed_at: whole.data!.changed_at,
      sparse: [sparse.code, sparse.pagu, sparse.kind ?? null],
      saved: savings.data!.total.by_pagu.savings,
      group: [group.node, group.fiscal_year],
      changes: changes.data!.items.length,
      refusal: refusal.error!.code,
      wrong: wrong.error!.errors![0]!.pointer,
    }),
  );
}

void main();
