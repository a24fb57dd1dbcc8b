import type { Routes } from '@angular/router';
import { DevicePage } from './device-page';

export const devicesRoutes: Routes = [{ path: ':id', title: 'Device', component: DevicePage }];
