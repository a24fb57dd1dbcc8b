import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Notice } from './notice';

@Component({
  selector: 'pg-not-found',
  imports: [Notice, RouterLink],
  template: `
    <div class="page">
      <h1>Not found</h1>
      <pg-notice text="There is no page at this address."><a routerLink="/">All devices</a></pg-notice>
    </div>
  `,
})
export class NotFound {}
