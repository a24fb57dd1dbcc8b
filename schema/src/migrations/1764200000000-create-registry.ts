import { grantTable } from '@pulsegraph/kit/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Versions are written once: the role that serves may insert and read them, and neither change nor delete them. */
export class CreateRegistry1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table registry.subgraph_version (
        subgraph text not null,
        version integer not null,
        sdl text not null,
        url text not null,
        author text not null,
        commit_id text not null,
        message text not null,
        published_at timestamptz not null default now(),
        constraint subgraph_version_pkey primary key (subgraph, version)
      );
      create table registry.graph_version (
        version integer primary key,
        kind text not null,
        reason text not null,
        author text not null,
        commit_id text not null,
        subgraphs jsonb not null,
        supergraph_sdl text not null,
        api_sdl text not null,
        changelog jsonb not null,
        trusted_documents jsonb not null,
        created_at timestamptz not null default now()
      );
      create table registry.contract_version (
        graph_version integer not null references registry.graph_version (version),
        contract text not null,
        supergraph_sdl text not null,
        api_sdl text not null,
        constraint contract_version_pkey primary key (graph_version, contract)
      );
      create table registry.contract (
        name text primary key,
        include text[] not null,
        exclude text[] not null
      );
      create table registry.publish_key (
        id uuid primary key,
        name text not null,
        team text not null,
        rights text[] not null,
        subgraphs text[] not null,
        hash text not null constraint publish_key_hash_key unique,
        created_at timestamptz not null default now(),
        revoked_at timestamptz
      );
      create table registry.operation (
        signature text primary key,
        name text not null,
        document text not null,
        coordinates text[] not null,
        first_seen_at timestamptz not null
      );
      create table registry.usage_hour (
        hour timestamptz not null,
        signature text not null,
        client text not null,
        client_version text not null,
        count double precision not null,
        errors double precision not null,
        duration_ms double precision not null,
        constraint usage_hour_pkey primary key (hour, signature, client, client_version)
      );
      create index usage_hour_signature_idx on registry.usage_hour (signature);
      create table registry.client_release (
        client text not null,
        client_version text not null,
        published_by text not null,
        published_at timestamptz not null default now(),
        retired_at timestamptz,
        constraint client_release_pkey primary key (client, client_version)
      );
      create table registry.client_document (
        client text not null,
        client_version text not null,
        hash text not null,
        name text not null,
        document text not null,
        constraint client_document_pkey primary key (client, client_version, hash),
        constraint client_document_release_fkey foreign key (client, client_version)
          references registry.client_release (client, client_version)
      );
      create table registry.gateway (
        id text primary key,
        served_version integer,
        reported_at timestamptz not null,
        open jsonb not null
      );
      create table registry.approval (
        id uuid primary key,
        change_id text not null,
        path text not null,
        message text not null,
        approved_by text not null,
        reason text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        used_at timestamptz
      );
      create index approval_change_idx on registry.approval (change_id);
      create table registry.owner (
        path text primary key,
        team text not null
      );
      create table registry.check_run (
        id uuid primary key,
        subgraph text not null,
        verdict text not null,
        report jsonb not null,
        author text not null,
        commit_id text not null,
        created_at timestamptz not null default now()
      );
      create index check_run_created_idx on registry.check_run (created_at desc);
      create table registry.webhook (
        id uuid primary key,
        url text not null,
        secret text not null,
        events text[] not null,
        created_at timestamptz not null default now()
      );
      create table registry.webhook_delivery (
        id text primary key,
        webhook_id uuid not null references registry.webhook (id) on delete cascade,
        event text not null,
        payload text not null,
        attempts integer not null default 0,
        next_at timestamptz not null default now(),
        last_error text
      );
      create index webhook_delivery_next_idx on registry.webhook_delivery (next_at)`);
    const kept = ['subgraph_version', 'graph_version', 'contract_version', 'check_run'];
    for (const table of kept) await grantTable(runner, 'registry', table, { api: 'select, insert' });
    const changing = ['operation', 'publish_key', 'client_release', 'approval', 'gateway'];
    for (const table of changing) await grantTable(runner, 'registry', table, { api: 'select, insert, update' });
    const replaced = ['contract', 'owner', 'usage_hour', 'client_document', 'webhook', 'webhook_delivery'];
    for (const table of replaced) await grantTable(runner, 'registry', table, { api: 'select, insert, update, delete' });
  }

  down(): Promise<void> {
    throw new Error('Migrations only go forward.');
  }
}
