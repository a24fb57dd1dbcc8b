import { Component, inject } from '@angular/core';
import { RouterOutlet } from '@angular/router';
import { Announcer } from './core/announcer';
import { Session } from './core/session';
import { ShellHeader } from './shell/shell-header';
import { ConnectionBanner } from './shell/connection-banner';

@Component({
  selector: 'pg-root',
  imports: [ConnectionBanner, RouterOutlet, ShellHeader],
  templateUrl: './app.html',
  styleUrl: './app.css',
})
export class App {
  protected readonly session = inject(Session);
  protected readonly announcer = inject(Announcer);
}
