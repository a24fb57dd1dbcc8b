import type { Routes } from '@angular/router';
import { requires, signedIn, signedOut } from './core/guards';

export const routes: Routes = [
  { path: 'sign-in', title: 'Sign in', canActivate: [signedOut], loadComponent: () => import('./account/sign-in').then((m) => m.SignIn) },
  {
    path: 'forgot-password',
    title: 'Forgot the password',
    loadComponent: () => import('./account/forgot-password').then((m) => m.ForgotPassword),
  },
  { path: 'reset-password', title: 'New password', loadComponent: () => import('./account/reset-password').then((m) => m.ResetPassword) },
  {
    path: 'accept-invitation',
    title: 'Invitation',
    loadComponent: () => import('./account/accept-invitation').then((m) => m.AcceptInvitation),
  },
  {
    path: '',
    canActivateChild: [signedIn],
    children: [
      { path: '', pathMatch: 'full', title: 'Devices', loadComponent: () => import('./devices/overview').then((m) => m.Overview) },
      { path: 'devices', pathMatch: 'full', redirectTo: '' },
      { path: 'devices', loadChildren: () => import('./devices/devices.routes').then((m) => m.devicesRoutes) },
      { path: 'alerts', loadChildren: () => import('./alerts/alerts.routes').then((m) => m.alertsRoutes) },
      { path: 'silences', title: 'Silences', loadComponent: () => import('./alerts/silence-list').then((m) => m.SilenceList) },
      { path: 'rules', title: 'Alert rules', loadComponent: () => import('./alerts/rule-list').then((m) => m.RuleList) },
      {
        path: 'rules/:id',
        title: 'Rule',
        canActivate: [requires('rules:write')],
        loadComponent: () => import('./alerts/rule-page').then((m) => m.RulePage),
      },
      { path: 'pipeline', title: 'Pipeline', loadComponent: () => import('./pipeline/pipeline-page').then((m) => m.PipelinePage) },
      {
        path: 'dead-letters',
        title: 'Rejected messages',
        canActivate: [requires('rules:write')],
        loadComponent: () => import('./pipeline/dead-letters').then((m) => m.DeadLetters),
      },
      {
        path: 'users',
        title: 'Users',
        canActivate: [requires('users:manage')],
        loadComponent: () => import('./account/user-list').then((m) => m.UserList),
      },
      {
        path: 'api-keys',
        title: 'API keys',
        canActivate: [requires('users:manage')],
        loadComponent: () => import('./account/api-keys').then((m) => m.ApiKeys),
      },
      {
        path: 'audit',
        title: 'Audit trail',
        canActivate: [requires('users:manage')],
        loadComponent: () => import('./audit/audit-trail').then((m) => m.AuditTrail),
      },
      { path: 'channels', title: 'Channels', loadComponent: () => import('./notifications/channel-list').then((m) => m.ChannelList) },
      { path: 'escalation', title: 'Escalation', loadComponent: () => import('./notifications/policy-list').then((m) => m.PolicyList) },
      { path: 'account', title: 'Account', loadComponent: () => import('./account/account-page').then((m) => m.AccountPage) },
      { path: '**', title: 'Not found', loadComponent: () => import('./ui/not-found').then((m) => m.NotFound) },
    ],
  },
];
