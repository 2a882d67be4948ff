/** What a sandbox can demand of whoever calls it, as `--require` names them. */
export const demands = ["certificate", "bearer-token", "serverless-api-key"] as const;
export type Demand = (typeof demands)[number];
