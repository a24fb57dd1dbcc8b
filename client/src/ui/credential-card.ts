import { Component, computed, input } from '@angular/core';
import { mosquittoLine, type IssuedCredential } from '../core/credential';
import { CopyText } from './copy-text';

/** A credential at the only moment it can be read. */
@Component({
  selector: 'pg-credential-card',
  imports: [CopyText],
  template: `
    <p><strong>The token is shown this once.</strong> Only a hash of it is stored; if it is lost, rotate the credential.</p>
    <pg-copy-text label="User name" [text]="credential().username" />
    <pg-copy-text label="Token" [text]="credential().token" />
    <pg-copy-text label="MQTT address" [text]="credential().mqttUrl" />
    <pg-copy-text label="Try it" [text]="line()" />
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.75rem;
    }
  `,
})
export class CredentialCard {
  readonly credential = input.required<IssuedCredential>();
  /** To publish in the example; a value that raises no alarm. */
  readonly metric = input('temperature');
  readonly value = input(20);
  protected readonly line = computed(() => mosquittoLine(this.credential(), this.metric(), this.value()));
}
