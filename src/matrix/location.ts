/** Places: `m.location` of the client-server API with MSC3488's members, and geo URIs (RFC 5870). */
import type { LocationContent } from '../model/content.ts';
import { type JsonObject, objectMember, stringMember } from './json-object.ts';

/** Latitude, longitude, perhaps an altitude; parameters say how sure it is, which is not passed on. */
const geoUri = /^geo:(-?\d{1,3}(?:\.\d{1,20})?),(-?\d{1,3}(?:\.\d{1,20})?)(?:,-?\d{1,9}(?:\.\d{1,20})?)?(?:;.*)?$/is;

/** Undefined where no coordinates on this earth can be read. */
export function readLocation(content: JsonObject): LocationContent | undefined {
  const location = objectMember(content, 'm.location') ?? objectMember(content, 'org.matrix.msc3488.location');
  const uri = stringMember(location, 'uri') ?? stringMember(content, 'geo_uri') ?? '';
  const [, north, east] = geoUri.exec(uri) ?? [];
  const [latitude, longitude] = [Number(north), Number(east)];
  if (north === undefined || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  const name = stringMember(location, 'description');
  return { type: 'location', latitude, longitude, ...(name === undefined || name === '' ? {} : { name }) };
}

/** The members of an `m.location` message, for clients that show maps and for those that do not. */
export function locationMembers(location: LocationContent): JsonObject {
  const uri = `geo:${location.latitude},${location.longitude}`;
  const description = placeOf(location);
  return {
    msgtype: 'm.location',
    geo_uri: uri,
    'org.matrix.msc3488.location': { uri, ...(description === '' ? {} : { description }) },
    'org.matrix.msc3488.asset': { type: 'm.pin' },
  };
}

/** In words, for a reader without a map. */
export function locationWords(location: LocationContent): string {
  const place = placeOf(location);
  const coordinates = `${location.latitude}, ${location.longitude}`;
  return place === '' ? `Location: ${coordinates}` : `Location: ${place} (${coordinates})`;
}

const placeOf = ({ name, address }: LocationContent): string =>
  [name, address].filter((words) => words !== undefined && words !== '').join(', ');
