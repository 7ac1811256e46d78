import { ProcessingError } from '../../../topology/core/errors.ts';
import type { Parking } from '../../../topology/plan/plan.ts';
import type { ParkedTotals } from './parked-rows.ts';

export interface ParkingRoomOptions {
  readonly taskId: string;
  readonly parking: Parking;
  /** Told that there is no room, once, until there was some again. */
  readonly full: (message: string) => void;
}

/** How a task stands. */
export interface ParkingState {
  /** Records of released keys are worked off: there will be room. */
  readonly releasing: boolean;
  /** Everything that was completed is committed. */
  readonly settled: boolean;
}

const remedy =
  'mend the cause and send the dead letters on (millrace dlq redrive) or give them up (millrace dlq discard), or allow more ("most"); nothing is lost';

/** How many records a task may take: no more than it could hold, if all their keys were parked. */
export class ParkingRoom {
  private readonly options: ParkingRoomOptions;
  /** It was said that there is no room. */
  private said = false;

  constructor(options: ParkingRoomOptions) {
    this.options = options;
  }

  /**
   * Most records that the next batch may take; 0: none, until some are released. To be asked when there are some to take.
   * @throws {ProcessingError} PARKED_FULL when there is no room and the policy is to stop; not before what is held is committed, so that it can be released
   */
  left(totals: ParkedTotals, { releasing, settled }: ParkingState): number {
    const { taskId, parking, full } = this.options;
    const room = parking.most - totals.held;
    if (room > 0) {
      this.said = false;
      return room;
    }
    if (releasing) return 0;
    if (parking.whenFull === 'stop') {
      if (!settled) return 0;
      const message = `${this.state(totals)}; ${remedy}`;
      throw new ProcessingError('PARKED_FULL', message, { place: { taskId } });
    }
    if (!this.said) {
      this.said = true;
      full(`${this.state(totals)}: it takes no further input until there is room; ${remedy}`);
    }
    return 0;
  }

  private state({ held, keys }: ParkedTotals): string {
    const { taskId, parking } = this.options;
    const what = `${held} ${held === 1 ? 'record' : 'records'} of ${keys} ${keys === 1 ? 'key' : 'keys'}`;
    return `task ${taskId} holds ${what} behind dead letters, and "park-by-key" allows ${parking.most}`;
  }
}
