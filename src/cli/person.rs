//! People as an operator names them.

use entities::privacy::Subject;
use protocol::ids::{LeadId, PhoneNumber};
use uuid::Uuid;

/// A person as an operator names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    Number(PhoneNumber),
    Lead(LeadId),
}

impl std::str::FromStr for Person {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        let id = Uuid::parse_str(text).map_err(|_| {
            "expected a number in E.164, as in +972501234567, or the id of a lead".to_owned()
        })?;
        Ok(Self::Lead(LeadId(id)))
    }
}

impl From<Person> for Subject {
    fn from(person: Person) -> Self {
        match person {
            Person::Number(number) => Self::Number(number),
            Person::Lead(lead) => Self::Lead(lead),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_5_a_person_is_named_by_number_or_lead() {
        let number = "+972501234567".parse::<Person>().unwrap();
        assert_eq!(number, Person::Number(PhoneNumber::parse("+972501234567").unwrap()));
        let id = Uuid::from_u128(7);
        assert_eq!(id.to_string().parse::<Person>().unwrap(), Person::Lead(LeadId(id)));
        assert!("0501234567".parse::<Person>().unwrap_err().contains("E.164"));
    }
}
