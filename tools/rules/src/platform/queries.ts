const PLAIN = `
  fragment Plain on Condition {
    threshold { metric above below for hysteresis clearAfter }
    rateOfChange { metric perMinuteAbove over }
    offline { metric after }
    anomaly { metric sensitivity }
    trend { metric reaches within over }
    earlyWarningScore { score singleParameter validFor }
  }`;

const page = (field: string, nodes: string) =>
  `query ($after: String) { ${field}(after: $after, first: 50) { nodes { ${nodes} } pageInfo { hasNextPage endCursor } } }`;

/** Of what is nested deeper only that it is there: the whole depth of fifty rules at once is more than one operation may cost. */
export const RULES_QUERY = `${page(
  'alertRules',
  'id name enabled origin severity version escalationPolicy { name } target { deviceIds profileId assetId labels } condition { ...Outer }',
)} ${PLAIN}
  fragment Part on Condition { ...Plain all { __typename } any { __typename } }
  fragment Outer on Condition { ...Plain all { ...Part } any { ...Part } }`;

/** As deep as the platform lets conditions be nested. */
export const CONDITION_QUERY = `
  query ($id: ID!) { alertRule(id: $id) { condition { ...Thrice } } } ${PLAIN}
  fragment Once on Condition { ...Plain all { ...Plain } any { ...Plain } }
  fragment Twice on Condition { ...Plain all { ...Once } any { ...Once } }
  fragment Thrice on Condition { ...Plain all { ...Twice } any { ...Twice } }`;

export const CHANNELS_QUERY = page('notificationChannels', 'id name kind enabled minSeverity settings');
export const POLICIES_QUERY = page('escalationPolicies', 'id name steps { after channels { name } users { id } }');

export const MUTATIONS = {
  createChannel: 'mutation ($input: NotificationChannelInput!) { createNotificationChannel(input: $input) { id } }',
  updateChannel: 'mutation ($id: ID!, $input: NotificationChannelInput!) { updateNotificationChannel(id: $id, input: $input) { id } }',
  deleteChannel: 'mutation ($id: ID!) { deleteNotificationChannel(id: $id) }',
  savePolicy: 'mutation ($id: ID, $input: EscalationPolicyInput!) { saveEscalationPolicy(id: $id, input: $input) { id } }',
  createRule: 'mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }',
  updateRule:
    'mutation ($id: ID!, $expectedVersion: Int!, $input: AlertRuleInput!) { updateAlertRule(id: $id, expectedVersion: $expectedVersion, input: $input) { id } }',
  deleteRule: 'mutation ($id: ID!) { deleteAlertRule(id: $id) }',
} as const;
