import type { Routes } from '@angular/router';
import { AlertDetail } from './alert-detail';
import { AlertList } from './alert-list';

export const alertsRoutes: Routes = [
  { path: '', title: 'Alerts', component: AlertList },
  { path: ':id', title: 'Alert', component: AlertDetail },
];
