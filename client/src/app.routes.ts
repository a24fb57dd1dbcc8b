import type { Routes } from '@angular/router';
import { requires, signedIn, signedOut } from './core/guards';

export const routes: Routes = [
  { path: 'sign-in', title: 'Sign in', canActivate: [signedOut], loadComponent: () => import('./account/sign-in').then((m) => m.SignIn) },
  {
    path: '',
    canActivateChild: [signedIn],
    children: [
      { path: '', pathMatch: 'full', title: 'Devices', loadComponent: () => import('./devices/overview').then((m) => m.Overview) },
      { path: 'devices', pathMatch: 'full', redirectTo: '' },
      { path: 'devices', loadChildren: () => import('./devices/devices.routes').then((m) => m.devicesRoutes) },
      { path: 'alerts', loadChildren: () => import('./alerts/alerts.routes').then((m) => m.alertsRoutes) },
      { path: 'rules', title: 'Alert rules', loadComponent: () => import('./alerts/rule-list').then((m) => m.RuleList) },
      { path: 'pipeline', title: 'Pipeline', loadComponent: () => import('./pipeline/pipeline-page').then((m) => m.PipelinePage) },
      {
        path: 'users',
        title: 'Users',
        canActivate: [requires('users:manage')],
        loadComponent: () => import('./account/user-list').then((m) => m.UserList),
      },
      { path: '**', title: 'Not found', loadComponent: () => import('./ui/not-found').then((m) => m.NotFound) },
    ],
  },
];
