import { Component, computed, DestroyRef, inject, signal } from '@angular/core';
import { errorText } from '../core/error-text';
import { formatCount, formatNumber, words } from '../core/format';
import { Graph } from '../core/graph';
import { PipelineStatusDocument, type PipelineStatusQuery } from '../core/pipeline-status.generated';
import { Session } from '../core/session';
import { Age } from '../ui/age';
import { Notice } from '../ui/notice';
import { SectionTabs } from '../ui/section-tabs';
import { PIPELINE_TABS } from '../core/sections';

const AGAIN_MS = 2_000;
const MEANINGS = {
  HEALTHY: 'Every reading is stored as it comes.',
  DEGRADED: 'Readings wait longer than they should before they are stored. Nothing that was accepted is lost; values lag.',
  DOWN: 'Nothing is being stored now. Values on the screen may be old.',
} as const;

/** How readings get in: how many, how fast, how many were refused and why. */
@Component({
  selector: 'pg-pipeline-page',
  imports: [Age, Notice, SectionTabs],
  templateUrl: './pipeline-page.html',
  styleUrl: './pipeline-page.css',
})
export class PipelinePage {
  private readonly graph = inject(Graph);
  protected readonly session = inject(Session);
  protected readonly status = signal<PipelineStatusQuery['pipelineStatus'] | null>(null);
  protected readonly failure = signal<string | null>(null);
  protected readonly words = words;
  protected readonly tabs = PIPELINE_TABS;
  protected readonly meanings = MEANINGS;

  protected readonly figures = computed(() => {
    const status = this.status();
    if (!status) return [];
    return [
      { name: 'Readings per second', value: formatNumber(status.readingsPerSecond, status.readingsPerSecond < 100 ? 1 : 0) },
      { name: 'Not yet stored', value: formatCount(status.backlog) },
      { name: 'Receipt to stored, median', value: `${formatNumber(status.storeLatencyMsP50, 0)} ms` },
      { name: 'Receipt to stored, 99 %', value: `${formatNumber(status.storeLatencyMsP99, 0)} ms` },
      { name: 'Accepted', value: formatCount(status.acceptedTotal) },
      { name: 'Repeated', value: formatCount(status.duplicatesTotal) },
      { name: 'Rejected', value: formatCount(status.rejectedTotal) },
    ];
  });

  constructor() {
    void this.load();
    const timer = setInterval(() => document.hidden || void this.load(), AGAIN_MS);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }

  protected async load(): Promise<void> {
    try {
      this.status.set((await this.graph.query(PipelineStatusDocument, {})).data.pipelineStatus);
      this.failure.set(null);
    } catch (error) {
      this.failure.set(errorText(error));
    }
  }
}
