# shellcheck shell=bash
# bash completion of PROGRAM, made from the program's options by scripts/tool-pages.mjs.
# OPTIONS, VALUED, ENGINES and the line VALUES stand for parts of the table.

_PROGRAM() {
  local word='' start='' lead='' option='' ended='' engine=${CONTAINER_ENGINE:-} part each
  local -a offered=() engines=(ENGINES)
  COMPREPLY=()
  if [[ ${COMP_WORDS[COMP_CWORD - 1]} == *[\<\>]* ]]; then
    compopt -o default # a file of this machine
    return
  fi
  for part in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    # bash also parts words at = and :, and replaces only what follows: `start` stays as it is.
    if [[ $part == [=:]* ]]; then
      word+=$part start=$word
      continue
    elif [[ $word == *[=:] ]]; then
      start=$word word+=$part
      continue
    elif [[ $option ]]; then
      if [[ $option == --engine ]]; then engine=$word; fi
      option=
    elif [[ $ended ]]; then
      return # the container is there: only the container knows what may follow
    else
      case $word in
        '') ;;
        --) ended=1 ;;
        --engine=*) engine=${word#*=} ;;
        VALUED) option=$word ;;
        -*) ;;
        *) return ;;
      esac
    fi
    start='' word=$part
  done

  if [[ -z $option$ended && $word == --*=* ]]; then option=${word%%=*} lead=${word%%=*}= word=${word#*=}; fi
  case $option in
    # VALUES
    '')
      if [[ $word == -* && -z $ended ]]; then
        offered=(OPTIONS)
      else
        for each in "${engines[@]}"; do
          if [[ -n $engine && $engine != "$each" ]]; then continue; fi
          # An engine elsewhere may be silent, or ask for a password.
          mapfile -t -O "${#offered[@]}" offered < <(timeout 2 "$each" ps --format '{{.Names}}' < /dev/null 2> /dev/null)
        done
      fi
      ;;
  esac
  for each in "${offered[@]}"; do
    if [[ $each == "$word"* ]]; then
      each=$lead$each
      COMPREPLY+=("${each#"$start"}")
    fi
  done
}

complete -F _PROGRAM PROGRAM
