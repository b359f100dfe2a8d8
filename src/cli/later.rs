//! A command's arguments, described to clap only once that command is named: to describe those of all seventeen took
//! longer than to parse any line.
//!
//! Floor 6.

use std::ops::Deref;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The arguments of a command of which clap knows no more than the name and the line about it until it is named, or
/// helped with.
#[derive(Clone, Debug, Default)]
pub struct Later<T>(pub(super) T);

impl<T> Deref for Later<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }
    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }
    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

impl<T: Args> Args for Later<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| under_its_line(command, T::augment_args))
    }
    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| under_its_line(command, T::augment_args_for_update))
    }
}

/// The line about a command is what the list of commands says of it, not what stands over the struct of its arguments.
fn under_its_line(command: Command, augment: fn(Command) -> Command) -> Command {
    let line = command.get_about().cloned().unwrap_or_default();
    augment(command).about(line)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::args::Args;

    #[test]
    fn a_command_that_is_not_named_is_not_described() {
        let named = |line: &str| {
            let mut command = Args::command();
            command.try_get_matches_from_mut(line.split(' ')).unwrap();
            let described =
                command.get_subcommands().filter(|command| command.get_arguments().next().is_some());
            described.map(|command| command.get_name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(named("divert route vernon"), ["route"]);
        assert_eq!(named("divert"), [""; 0]);
    }

    #[test]
    fn a_command_that_is_described_later_keeps_its_line() {
        let mut command = Args::command();
        let before: Vec<_> = command.get_subcommands().map(|command| command.get_about().cloned()).collect();
        command.build();
        let after: Vec<_> = command.get_subcommands().map(|command| command.get_about().cloned()).collect();
        assert!(before.iter().all(Option::is_some));
        assert_eq!(before, after);
    }
}
